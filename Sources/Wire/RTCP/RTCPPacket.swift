/// One packet of an RTCP compound, as far as a relay reads it (RFC 3550, section 6; RFC 4585, section 6).
package enum RTCPPacket: Equatable, Sendable {
    /// What a source says of its clock and of what it has sent.
    case senderReport(SenderReport, blocks: [ReportBlock])
    case receiverReport(ssrc: UInt32, blocks: [ReportBlock])
    /// Sequence numbers that a receiver misses.
    case nack(mediaSSRC: UInt32, lost: [UInt16])
    /// A receiver needs a key frame: PLI, or FIR (RFC 5104, section 4.3.1).
    case keyFrameRequest
    /// Sources that send nothing any more (RFC 3550, section 6.6).
    case goodbye(sources: [UInt32])
    /// When each packet of a row arrived.
    case transportFeedback(TransportArrivals)
    /// The most that a receiver takes its link to carry, in bits a second (draft-alvestrand-rmcat-remb-03, section 2.2).
    case maximumBitrate(UInt64)
    case other(type: UInt8)

    private static let maximumPackets = 32

    /// The packets of a compound. What is cut off or of another version ends it.
    package static func parse(_ bytes: [UInt8]) -> [RTCPPacket] { parse(bytes.span) }

    package static func parse(_ bytes: Span<UInt8>) -> [RTCPPacket] {
        var packets: [RTCPPacket] = []
        var start = 0
        while start + 4 <= bytes.count, packets.count < maximumPackets {
            let length = 4 * (Int(bytes.word16(at: start + 2)) + 1)
            guard bytes[start] >> 6 == 2, start + length <= bytes.count else { break }
            packets.append(RTCPPacket(bytes.extracting(start..<start + length)))
            start += length
        }
        return packets
    }

    private init(_ bytes: Span<UInt8>) {
        let (format, type) = (bytes[0] & 0x1F, bytes[1])
        switch (type, format) {
        case (200, _) where bytes.count >= 28:
            self = .senderReport(SenderReport(bytes), blocks: ReportBlock.parse(bytes, from: 28, count: Int(format)))
        case (201, _) where bytes.count >= 8:
            self = .receiverReport(
                ssrc: bytes.word32(at: 4), blocks: ReportBlock.parse(bytes, from: 8, count: Int(format)))
        case (203, _):
            let count = min(Int(format), (bytes.count - 4) / 4)
            self = .goodbye(sources: (0..<count).map { bytes.word32(at: 4 + 4 * $0) })
        case (205, 1) where bytes.count >= 12:
            self = .nack(mediaSSRC: bytes.word32(at: 8), lost: Self.lost(bytes))
        case (205, 15):
            guard let arrivals = TransportArrivals(bytes) else { self = .other(type: type); return }
            self = .transportFeedback(arrivals)
        case (206, 1), (206, 4): self = .keyFrameRequest
        case (206, 15) where bytes.count >= 20 && bytes.word32(at: 12) == 0x5245_4D42:  // "REMB"
            let (exponent, mantissa) = (UInt64(bytes[17] >> 2), UInt64(bytes.word32(at: 16) & 0x3_FFFF))
            self = .maximumBitrate(exponent < 46 ? mantissa << exponent : .max)
        default: self = .other(type: type)
        }
    }

    /// RFC 4585, section 6.2.1: a number, and a mask of the sixteen behind it.
    private static func lost(_ bytes: Span<UInt8>) -> [UInt16] {
        var lost: [UInt16] = []
        for offset in stride(from: 12, to: bytes.count - 3, by: 4) {
            let (first, mask) = (bytes.word16(at: offset), bytes.word16(at: offset + 2))
            lost.append(first)
            for bit in 0..<16 where mask >> UInt16(bit) & 1 == 1 { lost.append(first &+ UInt16(bit) &+ 1) }
        }
        return lost
    }
}

/// A sender's clock, and how much it has sent (RFC 3550, section 6.4.1).
package struct SenderReport: Equatable, Sendable {
    package let ssrc: UInt32
    /// 32 bits of seconds, 32 of fractions.
    package let ntp: UInt64
    package let rtp: UInt32
    package let packets: UInt32
    package let payloadBytes: UInt32

    package init(ssrc: UInt32, ntp: UInt64, rtp: UInt32, packets: UInt32, payloadBytes: UInt32) {
        self.ssrc = ssrc
        self.ntp = ntp
        self.rtp = rtp
        self.packets = packets
        self.payloadBytes = payloadBytes
    }

    fileprivate init(_ bytes: Span<UInt8>) {
        self.init(
            ssrc: bytes.word32(at: 4), ntp: UInt64(bytes.word32(at: 8)) << 32 | UInt64(bytes.word32(at: 12)),
            rtp: bytes.word32(at: 16), packets: bytes.word32(at: 20), payloadBytes: bytes.word32(at: 24))
    }
}

/// How well one source is received (RFC 3550, section 6.4.1).
package struct ReportBlock: Equatable, Sendable {
    package static let bytes = 24

    package let ssrc: UInt32
    /// Of 256, since the report before.
    package let fractionLost: UInt8
    package let cumulativeLost: Int32
    package let highestSequence: UInt32
    /// In units of the source's clock.
    package let jitter: UInt32
    /// The middle 32 bits of the last sender report's time; 0 before there was one.
    package let lastReport: UInt32
    /// Since then, in 1/65,536 s.
    package let delay: UInt32

    package init(
        ssrc: UInt32, fractionLost: UInt8, cumulativeLost: Int32, highestSequence: UInt32, jitter: UInt32,
        lastReport: UInt32, delay: UInt32
    ) {
        self.ssrc = ssrc
        self.fractionLost = fractionLost
        self.cumulativeLost = cumulativeLost
        self.highestSequence = highestSequence
        self.jitter = jitter
        self.lastReport = lastReport
        self.delay = delay
    }

    fileprivate static func parse(_ bytes: Span<UInt8>, from start: Int, count: Int) -> [Self] {
        (0..<min(count, max(0, bytes.count - start) / Self.bytes)).map { number in
            let offset = start + number * Self.bytes
            let loss = bytes.word32(at: offset + 4)
            return Self(
                ssrc: bytes.word32(at: offset), fractionLost: UInt8(loss >> 24),
                cumulativeLost: Int32(bitPattern: loss << 8) >> 8, highestSequence: bytes.word32(at: offset + 8),
                jitter: bytes.word32(at: offset + 12), lastReport: bytes.word32(at: offset + 16),
                delay: bytes.word32(at: offset + 20))
        }
    }
}
