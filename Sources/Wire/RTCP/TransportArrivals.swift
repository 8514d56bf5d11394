/// When a receiver got each of a row of packets, by its own clock: one transport-wide report, read
/// (draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1).
package struct TransportArrivals: Equatable, Sendable {
    package static let ticksPerSecond: Int64 = 4_000
    /// Of 64 ms each the reference counts, in 24 bits: then it begins anew.
    package static let ticksPerTurn: Int64 = 256 << 24
    private static let ticksPerReference: Int64 = 256
    private static let maximumPackets = 4_096
    private static let headerBytes = 20

    /// The number of the first packet of the row.
    package let base: UInt16
    /// Of each packet in ticks of 250 µs, within a turn of the reference or a little out of it; nil for one that did not
    /// come.
    package let ticks: [Int64?]

    package init(base: UInt16, ticks: [Int64?]) {
        self.base = base
        self.ticks = ticks
    }

    /// Nil for what is cut off, or claims more than it holds.
    package init?(_ bytes: Span<UInt8>) {
        guard bytes.count >= Self.headerBytes else { return nil }
        let count = Int(bytes.word16(at: 14))
        guard count > 0, count <= Self.maximumPackets else { return nil }
        var statuses: [UInt8] = []
        statuses.reserveCapacity(count)
        var offset = Self.headerBytes
        while statuses.count < count {
            guard offset + 2 <= bytes.count else { return nil }
            Self.read(bytes.word16(at: offset), upTo: count, into: &statuses)
            offset += 2
        }
        var time = Int64(bytes.word32(at: 16) >> 8) * Self.ticksPerReference
        var ticks: [Int64?] = []
        ticks.reserveCapacity(count)
        for status in statuses {
            guard status == 1 || status == 2 else {
                ticks.append(nil)
                continue
            }
            guard offset + Int(status) <= bytes.count else { return nil }
            time +=
                status == 1 ? Int64(bytes[offset]) : Int64(Int16(bitPattern: bytes.word16(at: offset)))
            offset += Int(status)
            ticks.append(time)
        }
        base = bytes.word16(at: 12)
        self.ticks = ticks
    }

    /// Sections 3.1.3 and 3.1.4: a run of one status, or a vector of them, one bit or two bits each.
    private static func read(_ chunk: UInt16, upTo count: Int, into statuses: inout [UInt8]) {
        if chunk & 0x8000 == 0 {
            let length = min(Int(chunk & 0x1FFF), count - statuses.count)
            statuses.append(contentsOf: repeatElement(UInt8(chunk >> 13 & 3), count: max(length, 0)))
            // A run of none would never end.
            if length == 0 { statuses.append(contentsOf: repeatElement(0, count: count - statuses.count)) }
            return
        }
        let isWide = chunk & 0x4000 != 0
        let symbols = min(isWide ? 7 : 14, count - statuses.count)
        for number in 0..<symbols {
            statuses.append(
                isWide ? UInt8(chunk >> UInt16(12 - 2 * number) & 3) : UInt8(chunk >> UInt16(13 - number) & 1))
        }
    }
}
