import Wire

/// What one viewer gets of one track, counted by the headers.
struct TrackReceiver {
    let track: MediaTrack
    private(set) var ssrc: UInt32 = 0
    var ledger = SequenceLedger()
    /// Of the retransmissions' own sequence.
    private(set) var repairs: UInt64 = 0
    private(set) var packets: UInt64 = 0
    private(set) var bytes: UInt64 = 0
    private(set) var sourceChanges: UInt64 = 0
    var missing = MissingPackets()
    private var lastReport: (middle: UInt32, arrival: MonotonicTime)?
    private var reported = (expected: Int64(0), unique: UInt64(0))

    init(_ track: MediaTrack) { self.track = track }

    /// How far its sequence has come; nil before its first packet.
    var mark: Int64? { ledger.isEmpty ? nil : ledger.mark }

    /// An original; where it stands in its sequence.
    mutating func receive(_ sequence: UInt16, ssrc: UInt32, bytes: Int, at now: MonotonicTime)
        -> SequenceLedger.Outcome
    {
        if ssrc != self.ssrc { change(to: ssrc) }
        packets += 1
        self.bytes += UInt64(bytes)
        let outcome = ledger.receive(sequence)
        if track.takesNACK {
            if outcome == .restart { missing = MissingPackets() }
            missing.receive(sequence, at: now)
        }
        return outcome
    }

    /// A retransmission of this original.
    mutating func receiveRepair(of sequence: UInt16, bytes: Int, at now: MonotonicTime) -> SequenceLedger.Outcome {
        repairs += 1
        packets += 1
        self.bytes += UInt64(bytes)
        missing.receive(sequence, at: now)
        return ledger.repair(sequence)
    }

    private mutating func change(to ssrc: UInt32) {
        if self.ssrc != 0 { sourceChanges += 1 }
        self.ssrc = ssrc
        missing = MissingPackets()
    }

    mutating func take(_ report: SenderReport, at now: MonotonicTime) {
        guard report.ssrc == ssrc else { return }
        lastReport = (UInt32(truncatingIfNeeded: report.ntp >> 16), now)
    }

    /// RFC 3550, section 6.4.1; nil before the first packet.
    mutating func reportBlock(at now: MonotonicTime) -> ReportBlock? {
        guard !ledger.isEmpty else { return nil }
        let expected = ledger.mark
        let expectedNow = max(0, expected - reported.expected)
        let cameNow = Int64(ledger.unique - reported.unique)
        let isFirst = reported.expected == 0
        reported = (expected, ledger.unique)
        let lostNow = isFirst ? 0 : max(0, expectedNow - cameNow)
        let fraction = expectedNow == 0 ? 0 : min(255, lostNow * 256 / expectedNow)
        let delay = lastReport.map { max(0, now.nanoseconds - $0.arrival.nanoseconds) * 65_536 / 1_000_000_000 }
        return ReportBlock(
            ssrc: ssrc, fractionLost: UInt8(fraction),
            cumulativeLost: Int32(clamping: min(0x7F_FFFF, ledger.lost(through: ledger.mark))),
            highestSequence: ledger.extendedHighest, jitter: 0, lastReport: lastReport?.middle ?? 0,
            delay: UInt32(clamping: delay ?? 0))
    }
}
