/// The header of an RTP packet (RFC 3550, section 5.1), and where its payload is, read from bytes that nobody vouches
/// for.
package struct RTPHeader: Equatable, Sendable {
    package static let minimumBytes = 12

    package let marker: Bool
    package let payloadType: UInt8
    package let sequenceNumber: UInt16
    package let timestamp: UInt32
    package let ssrc: UInt32
    /// The whole header's, with contributing sources and extensions.
    package let headerBytes: Int
    /// Without padding.
    package let payloadBytes: Int
    /// Where the extension block's elements are, and its profile; empty without extensions.
    private let extensionRange: Range<Int>
    private let extensionProfile: UInt16

    /// Nil for what is no RTP packet of version 2, or is cut off.
    package init?(_ bytes: Span<UInt8>) {
        guard bytes.count >= Self.minimumBytes, bytes[0] >> 6 == 2 else { return nil }
        var end = Self.minimumBytes + 4 * Int(bytes[0] & 0x0F)
        var extensions = 0..<0
        var profile: UInt16 = 0
        if bytes[0] & 0x10 != 0 {
            guard bytes.count >= end + 4 else { return nil }
            profile = bytes.word16(at: end)
            extensions = end + 4..<end + 4 + 4 * Int(bytes.word16(at: end + 2))
            end = extensions.upperBound
        }
        guard bytes.count >= end else { return nil }
        var payload = bytes.count - end
        if bytes[0] & 0x20 != 0 {
            let padding = Int(bytes[bytes.count - 1])
            guard padding > 0, padding <= payload else { return nil }
            payload -= padding
        }
        marker = bytes[1] & 0x80 != 0
        payloadType = bytes[1] & 0x7F
        sequenceNumber = bytes.word16(at: 2)
        timestamp = bytes.word32(at: 4)
        ssrc = bytes.word32(at: 8)
        headerBytes = end
        payloadBytes = payload
        extensionRange = extensions
        extensionProfile = profile
    }

    package init?(_ bytes: [UInt8]) { self.init(bytes.span) }

    /// A retransmission's header as the lost packet had it, whose number is the payload's first two bytes (RFC 4588,
    /// section 4).
    private init(repaired header: Self, payloadType: UInt8, ssrc: UInt32, sequenceNumber: UInt16) {
        marker = header.marker
        self.payloadType = payloadType
        self.sequenceNumber = sequenceNumber
        timestamp = header.timestamp
        self.ssrc = ssrc
        headerBytes = header.headerBytes + 2
        payloadBytes = header.payloadBytes - 2
        extensionRange = header.extensionRange
        extensionProfile = header.extensionProfile
    }

    /// The lost packet's header, read from its retransmission's `bytes`; nil when it carries none, as a probe doesn't.
    package func repaired(payloadType: UInt8, ssrc: UInt32, in bytes: Span<UInt8>) -> Self? {
        guard payloadBytes > 2, headerBytes + 2 <= bytes.count else { return nil }
        return Self(
            repaired: self, payloadType: payloadType, ssrc: ssrc, sequenceNumber: bytes.word16(at: headerBytes))
    }

    /// A header extension of two bytes, such as a transport-wide sequence number; nil when the packet has none of this
    /// id. `bytes` are those that the header was read from.
    package func extensionWord(id: UInt8, in bytes: Span<UInt8>) -> UInt16? {
        guard let range = element(id, in: bytes), range.count == 2 else { return nil }
        return bytes.word16(at: range.lowerBound)
    }

    /// A header extension of text, such as the name of a layer (RFC 8852); nil when the packet has none of this id.
    package func extensionText(id: UInt8, in bytes: Span<UInt8>) -> String? {
        guard let range = element(id, in: bytes) else { return nil }
        var text: [UInt8] = []
        for offset in range { text.append(bytes[offset]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Where a header extension's bytes are (RFC 8285, sections 4.2 and 4.3).
    private func element(_ id: UInt8, in bytes: Span<UInt8>) -> Range<Int>? {
        guard extensionRange.upperBound <= bytes.count else { return nil }
        let isOneByte = extensionProfile == 0xBEDE
        guard isOneByte || extensionProfile >> 4 == 0x100 else { return nil }
        var offset = extensionRange.lowerBound
        while offset < extensionRange.upperBound {
            let first = bytes[offset]
            if first == 0 {  // padding between elements
                offset += 1
                continue
            }
            if isOneByte, first >> 4 == 15 { return nil }
            guard isOneByte || offset + 1 < extensionRange.upperBound else { return nil }
            let found = isOneByte ? first >> 4 : first
            let length = isOneByte ? Int(first & 0x0F) + 1 : Int(bytes[offset + 1])
            offset += isOneByte ? 1 : 2
            guard offset + length <= extensionRange.upperBound else { return nil }
            if found == id { return offset..<offset + length }
            offset += length
        }
        return nil
    }
}

extension Span<UInt8> {
    /// In network order. The caller has checked that they are there.
    package func word16(at offset: Int) -> UInt16 { UInt16(self[offset]) << 8 | UInt16(self[offset + 1]) }

    package func word32(at offset: Int) -> UInt32 {
        UInt32(word16(at: offset)) << 16 | UInt32(word16(at: offset + 2))
    }
}
