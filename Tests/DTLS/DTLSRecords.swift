/// Records of DTLS 1.2, taken apart and made by hand (RFC 6347, sections 4.1 and 4.2.2).
enum DTLSRecords {
    /// Each record of a datagram.
    static func split(_ datagram: [UInt8]) -> [[UInt8]] {
        var records: [[UInt8]] = []
        var rest = datagram[...]
        while rest.count > 13 {
            let length = Int(rest[rest.startIndex + 11]) << 8 | Int(rest[rest.startIndex + 12])
            records.append(Array(rest.prefix(13 + length)))
            rest = rest.dropFirst(13 + length)
        }
        return records
    }

    static func make(_ type: UInt8, epoch: UInt8 = 0, number: Int, _ content: [UInt8]) -> [UInt8] {
        [type, 0xFE, 0xFD, 0, epoch, 0, 0] + big(number, 4) + big(content.count, 2) + content
    }

    static func message(_ type: UInt8, number: Int, _ body: [UInt8]) -> [UInt8] {
        fragment(type, number: number, body, 0..<body.count)
    }

    static func fragment(_ type: UInt8, number: Int, _ body: [UInt8], _ part: Range<Int>) -> [UInt8] {
        [type] + big(body.count, 3) + big(number, 2) + big(part.lowerBound, 3) + big(part.count, 3) + body[part]
    }

    /// What a plain alert says; nil when the record is none.
    static func alert(_ record: [UInt8]) -> UInt8? {
        guard let last = split(record).last, last[0] == 21, last[4] == 0, last.count == 15 else { return nil }
        return last[14]
    }

    /// The message that the fragments in these datagrams are parts of.
    static func body(_ datagrams: [[UInt8]]) -> [UInt8] { datagrams.flatMap(split).flatMap { $0.dropFirst(25) } }

    static func big(_ number: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * (count - 1 - $0))) }
    }
}
