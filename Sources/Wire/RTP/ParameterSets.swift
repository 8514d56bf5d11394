/// An H.264 stream's parameter sets, without which no decoder begins (RFC 6184, section 8.2.2): the newest of each kind,
/// from the session's description or from the packets themselves.
///
/// Encoders send them before each key frame, or only once, or only in their SDP; a viewer who comes later needs them in
/// every case.
package struct ParameterSets: Equatable, Sendable {
    private static let sequenceType: UInt8 = 7
    private static let pictureType: UInt8 = 8
    private static let aggregateType: UInt8 = 24
    /// What may carry them, a bit each.
    private static let types: UInt32 = 1 << 7 | 1 << 8 | 1 << 24
    private static let maximumBytes = 1_200

    private var sequence: [UInt8] = []
    private var picture: [UInt8] = []

    package init() {}

    /// `units`: NAL units as the `sprop-parameter-sets` of an SDP has them.
    package init(_ units: [[UInt8]]) {
        for unit in units { _ = keep(unit.span, 0..<unit.count) }
    }

    /// Keeps what a packet's payload has of them. Whether it has a sequence's. To be called for every packet: most are
    /// told by their first byte.
    package mutating func receive(_ payload: Span<UInt8>) -> Bool {
        guard payload.count > 1, Self.types & (1 << UInt32(payload[0] & 0x1F)) != 0 else { return false }
        guard payload[0] & 0x1F == Self.aggregateType else { return keep(payload, 0..<payload.count) }
        var hasSequence = false
        var offset = 1
        while offset + 2 < payload.count {
            let end = offset + 2 + Int(payload.word16(at: offset))
            guard end > offset + 2, end <= payload.count else { break }
            if keep(payload, offset + 2..<end) { hasSequence = true }
            offset = end
        }
        return hasSequence
    }

    /// Both, as the payload of one packet (STAP-A; RFC 6184, section 5.7.1); nil when one isn't known or they are too
    /// long for a packet.
    package var payload: [UInt8]? {
        let count = 5 + sequence.count + picture.count
        guard !sequence.isEmpty, !picture.isEmpty, count <= Self.maximumBytes else { return nil }
        let importance = max(sequence[0], picture[0]) & 0x60
        var payload = [importance | Self.aggregateType]
        for unit in [sequence, picture] { payload += [UInt8(unit.count >> 8), UInt8(unit.count & 0xFF)] + unit }
        return payload
    }

    /// Whether it is a sequence's.
    private mutating func keep(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard range.count > 1, range.count <= Self.maximumBytes else { return false }
        switch bytes[range.lowerBound] & 0x1F {
        case Self.sequenceType:
            Self.replace(&sequence, bytes, range)
            return true
        case Self.pictureType: Self.replace(&picture, bytes, range)
        default: break
        }
        return false
    }

    /// They seldom change, and what doesn't change isn't copied.
    private static func replace(_ known: inout [UInt8], _ bytes: Span<UInt8>, _ range: Range<Int>) {
        var isKnown = known.count == range.count
        for offset in range where isKnown { isKnown = known[offset - range.lowerBound] == bytes[offset] }
        guard !isKnown else { return }
        known.removeAll(keepingCapacity: true)
        for offset in range { known.append(bytes[offset]) }
    }
}
