/// How well one source arrives (RFC 3550, appendices A.1, A.3 and A.8).
package struct ReceiverStatistics: Sendable {
    /// A jump this far is a source that has begun anew, not loss.
    private static let maximumJump: UInt32 = 3_000

    private let ssrc: UInt32
    private let clockRate: UInt32
    private var first: UInt32?
    private var highest: UInt32 = 0
    private var lastTransit: Int64?
    private var jitter: Double = 0
    private var expectedBefore: UInt32 = 0
    private var receivedBefore: UInt32 = 0
    private var lastReport: (middle: UInt32, arrival: MonotonicTime)?
    package private(set) var packets: UInt32 = 0
    package private(set) var bytes: UInt64 = 0

    package init(ssrc: UInt32, clockRate: UInt32) {
        self.ssrc = ssrc
        self.clockRate = clockRate
    }

    package mutating func receive(_ header: RTPHeader, bytes: Int, at now: MonotonicTime) {
        packets &+= 1
        self.bytes += UInt64(bytes)
        let ahead = Int32(Int16(bitPattern: header.sequenceNumber &- UInt16(truncatingIfNeeded: highest)))
        if first == nil || UInt32(abs(ahead)) > Self.maximumJump {
            restart(at: header.sequenceNumber)
        } else if ahead > 0 {
            highest &+= UInt32(ahead)
        }
        measureJitter(header.timestamp, at: now)
    }

    private mutating func restart(at sequence: UInt16) {
        first = UInt32(sequence)
        highest = UInt32(sequence)
        packets = 1
        expectedBefore = 0
        receivedBefore = 0
        lastTransit = nil
    }

    /// Appendix A.8.
    private mutating func measureJitter(_ timestamp: UInt32, at now: MonotonicTime) {
        let arrival = Int64(Double(now.nanoseconds) * Double(clockRate) / 1e9)
        let transit = Int64(Int32(truncatingIfNeeded: arrival) &- Int32(bitPattern: timestamp))
        defer { lastTransit = transit }
        guard let lastTransit else { return }
        let difference = abs(Int64(Int32(truncatingIfNeeded: transit - lastTransit)))
        jitter += (Double(difference) - jitter) / 16
    }

    package mutating func take(_ report: SenderReport, at now: MonotonicTime) {
        lastReport = (UInt32(truncatingIfNeeded: report.ntp >> 16), now)
    }

    package var lost: Int32 {
        guard let first else { return 0 }
        return Int32(truncatingIfNeeded: highest &- first &+ 1) &- Int32(truncatingIfNeeded: packets)
    }

    /// The block for the next report; nil before the first packet. Loss is counted anew from here.
    package mutating func reportBlock(at now: MonotonicTime) -> ReportBlock? {
        guard let first else { return nil }
        let expected = highest &- first &+ 1
        let expectedNow = expected &- expectedBefore
        let lostNow = Int32(truncatingIfNeeded: expectedNow) &- Int32(truncatingIfNeeded: packets &- receivedBefore)
        expectedBefore = expected
        receivedBefore = packets
        let fraction = expectedNow == 0 || lostNow <= 0 ? 0 : min(255, UInt32(lostNow) << 8 / expectedNow)
        let delay = lastReport.map { max(0, now.nanoseconds - $0.arrival.nanoseconds) * 65_536 / 1_000_000_000 }
        return ReportBlock(
            ssrc: ssrc, fractionLost: UInt8(fraction), cumulativeLost: max(-0x80_0000, min(0x7F_FFFF, lost)),
            highestSequence: highest, jitter: UInt32(jitter), lastReport: lastReport?.middle ?? 0,
            delay: UInt32(clamping: delay ?? 0))
    }
}
