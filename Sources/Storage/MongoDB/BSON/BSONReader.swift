/// The bytes are no BSON document.
struct BSONError: Error, Equatable {}

/// Reads what a server sent, and refuses it at the first wrong byte: nothing from the network is trusted.
struct BSONReader {
    private static let deepest = 64
    private let bytes: [UInt8]
    private var place = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    static func document(of bytes: [UInt8]) throws(BSONError) -> BSONDocument {
        var reader = BSONReader(bytes)
        let document = try reader.document(depth: 0)
        guard reader.place == bytes.count else { throw BSONError() }
        return document
    }

    private mutating func document(depth: Int) throws(BSONError) -> BSONDocument {
        guard depth < Self.deepest else { throw BSONError() }
        let start = place
        let length = Int(try number(Int32.self))
        guard length >= 5, length <= bytes.count - start else { throw BSONError() }
        let end = start + length
        var document = BSONDocument()
        while true {
            let type = try byte()
            if type == 0 { break }
            let key = try text(upTo: end)
            document.fields.append(.init(key: key, value: try value(type, depth: depth, end: end)))
        }
        guard place == end else { throw BSONError() }
        return document
    }

    private mutating func value(_ type: UInt8, depth: Int, end: Int) throws(BSONError) -> BSONValue {
        switch type {
        case 0x01: return .double(Double(bitPattern: try number(UInt64.self)))
        case 0x02:
            let length = Int(try number(Int32.self))
            guard length >= 1, length <= end - place, bytes[place + length - 1] == 0 else { throw BSONError() }
            return .string(try string(take(length).dropLast()))
        case 0x03: return .document(try document(depth: depth + 1))
        case 0x04: return .array(try document(depth: depth + 1).fields.map(\.value))
        case 0x08:
            let byte = try byte()
            guard byte <= 1 else { throw BSONError() }
            return .bool(byte == 1)
        case 0x09: return .dateTime(try number(Int64.self))
        case 0x0A: return .null
        case 0x10: return .int32(try number(Int32.self))
        case 0x12: return .int64(try number(Int64.self))
        case 0x05: return .other(type: type, bytes: Array(try binary(end: end)))
        case 0x07: return .other(type: type, bytes: Array(try take(12)))
        case 0x11: return .other(type: type, bytes: Array(try take(8)))
        case 0x13: return .other(type: type, bytes: Array(try take(16)))
        default: throw BSONError()
        }
    }

    private mutating func binary(end: Int) throws(BSONError) -> ArraySlice<UInt8> {
        let start = place
        let length = Int(try number(Int32.self))
        guard length >= 0, length < end - place else { throw BSONError() }
        place = start
        return try take(4 + 1 + length)
    }

    private mutating func text(upTo end: Int) throws(BSONError) -> String {
        // A value of an inner document may have claimed bytes behind its end.
        guard place < end, let zero = bytes[place..<end].firstIndex(of: 0) else { throw BSONError() }
        defer { place = zero + 1 }
        return try string(bytes[place..<zero])
    }

    private func string(_ bytes: ArraySlice<UInt8>) throws(BSONError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw BSONError() }
        return text
    }

    private mutating func byte() throws(BSONError) -> UInt8 {
        guard place < bytes.count else { throw BSONError() }
        defer { place += 1 }
        return bytes[place]
    }

    private mutating func number<Number: FixedWidthInteger>(_: Number.Type) throws(BSONError) -> Number {
        var number: Number = 0
        for (index, byte) in try take(Number.bitWidth / 8).enumerated() {
            number |= Number(truncatingIfNeeded: byte) << (8 * index)
        }
        return number
    }

    private mutating func take(_ count: Int) throws(BSONError) -> ArraySlice<UInt8> {
        guard count <= bytes.count - place else { throw BSONError() }
        defer { place += count }
        return bytes[place..<place + count]
    }
}

extension BSONDocument {
    init(bytes: [UInt8]) throws(BSONError) { self = try BSONReader.document(of: bytes) }
}
