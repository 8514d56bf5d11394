/// One packet of an RTCP compound, as far as a relay reads it (RFC 3550, section 6; RFC 4585, section 6).
package enum RTCPPacket: Equatable, Sendable {
    /// From the source of media: forwarded as it is, so that sound and picture stay together.
    case senderReport(ssrc: UInt32)
    /// Sequence numbers that a receiver misses.
    case nack(mediaSSRC: UInt32, lost: [UInt16])
    /// A receiver needs a key frame: PLI, or FIR (RFC 5104, section 4.3.1).
    case keyFrameRequest
    case other(type: UInt8)

    private static let maximumPackets = 32

    /// The packets of a compound. What is cut off or of another version ends it.
    package static func parse(_ bytes: [UInt8]) -> [RTCPPacket] {
        var packets: [RTCPPacket] = []
        var rest = bytes[...]
        while rest.count >= 4, packets.count < maximumPackets {
            let start = rest.startIndex
            let length = 4 * (Int(rest[start + 2]) << 8 | Int(rest[start + 3]) + 1)
            guard rest[start] >> 6 == 2, length <= rest.count else { break }
            packets.append(RTCPPacket(Array(rest.prefix(length))))
            rest = rest.dropFirst(length)
        }
        return packets
    }

    private init(_ bytes: [UInt8]) {
        func word(_ offset: Int) -> UInt32 { (offset..<offset + 4).reduce(0) { $0 << 8 | UInt32(bytes[$1]) } }
        let (format, type) = (bytes[0] & 0x1F, bytes[1])
        switch (type, format) {
        case (200, _) where bytes.count >= 28: self = .senderReport(ssrc: word(4))
        case (205, 1) where bytes.count >= 12:
            let lost = stride(from: 12, to: bytes.count, by: 4).flatMap { offset -> [UInt16] in
                let first = UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
                let mask = UInt16(bytes[offset + 2]) << 8 | UInt16(bytes[offset + 3])
                return [first] + (0..<16).filter { mask >> $0 & 1 == 1 }.map { first &+ UInt16($0) &+ 1 }
            }
            self = .nack(mediaSSRC: word(8), lost: lost)
        case (206, 1), (206, 4): self = .keyFrameRequest
        default: self = .other(type: type)
        }
    }

    /// A picture loss indication (RFC 4585, section 6.3.1).
    package static func pictureLossIndication(sender: UInt32, media: UInt32) -> [UInt8] {
        [0x81, 206, 0, 2] + bytes(sender) + bytes(media)
    }

    /// A receiver report without blocks (RFC 3550, section 6.4.2): a compound begins with one.
    package static func emptyReceiverReport(sender: UInt32) -> [UInt8] {
        [0x80, 201, 0, 1] + bytes(sender)
    }

    /// Generic NACK (RFC 4585, section 6.2.1).
    package static func nack(sender: UInt32, media: UInt32, lost: [UInt16]) -> [UInt8] {
        let count = UInt16(2 + lost.count)
        return [0x81, 205, UInt8(count >> 8), UInt8(count & 0xFF)] + bytes(sender) + bytes(media)
            + lost.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF), 0, 0] }
    }

    private static func bytes(_ word: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) }
    }
}
