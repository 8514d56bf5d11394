/// Turns documents into the bytes that go to a server.
struct BSONWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ document: BSONDocument) {
        write(document.fields.lazy.map { ($0.key, $0.value) })
    }

    private mutating func write(_ fields: some Sequence<(String, BSONValue)>) {
        let start = bytes.count
        append(Int32(0))
        for (key, value) in fields { write(value, key: key) }
        bytes.append(0)
        let length = Int32(bytes.count - start)
        for byte in 0..<4 { bytes[start + byte] = UInt8(truncatingIfNeeded: length >> (8 * byte)) }
    }

    private mutating func write(_ value: BSONValue, key: String) {
        bytes.append(value.type)
        // A key ends at a zero byte. Ours are literals and identifiers; a key with one is cut, not run on.
        bytes += key.utf8.prefix { $0 != 0 }
        bytes.append(0)
        switch value {
        case .double(let number): append(number.bitPattern)
        case .string(let text):
            append(Int32(text.utf8.count + 1))
            bytes += text.utf8
            bytes.append(0)
        case .document(let document): write(document)
        case .array(let values): write(values.enumerated().lazy.map { (String($0.offset), $0.element) })
        case .bool(let isTrue): bytes.append(isTrue ? 1 : 0)
        case .dateTime(let milliseconds): append(milliseconds)
        case .null: break
        case .int32(let number): append(number)
        case .int64(let number): append(number)
        case .other(_, let raw): bytes += raw
        }
    }

    private mutating func append<Number: FixedWidthInteger>(_ number: Number) {
        for shift in stride(from: 0, to: Number.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }
}

extension BSONValue {
    var type: UInt8 {
        switch self {
        case .double: 0x01
        case .string: 0x02
        case .document: 0x03
        case .array: 0x04
        case .bool: 0x08
        case .dateTime: 0x09
        case .null: 0x0A
        case .int32: 0x10
        case .int64: 0x12
        case .other(let type, _): type
        }
    }
}

extension BSONDocument {
    var bytes: [UInt8] {
        var writer = BSONWriter()
        writer.write(self)
        return writer.bytes
    }
}
