import Wire

/// What receiver reports say from one to the next: how many packets were expected, how many of them were lost, and how
/// fast they were sent.
struct ReportedLoss {
    /// RTP's header, SRTP's tag, UDP's and IP's headers.
    private static let overheadBytes: UInt64 = 12 + 16 + 28
    /// More than a receiver can have expected since the report before: it has begun anew.
    private static let most: Int64 = 100_000
    private static let leastMS: Int64 = 200

    private var last: (block: ReportBlock, bytes: UInt64, time: MonotonicTime)?

    /// Nil for the first one, and for one that doesn't go on from the one before.
    mutating func receive(
        _ block: ReportBlock, packets: UInt64, payloadBytes: UInt64, at now: MonotonicTime
    ) -> (expected: Int, lost: Int, sentRate: Double)? {
        let bytes = payloadBytes &+ packets &* Self.overheadBytes
        guard let before = last, before.block.ssrc == block.ssrc else {
            last = (block, bytes, now)
            return nil
        }
        let elapsed = now.milliseconds(since: before.time)
        guard elapsed >= Self.leastMS else { return nil }
        last = (block, bytes, now)
        let expected = Int64(block.highestSequence) - Int64(before.block.highestSequence)
        let lost = Int64(block.cumulativeLost) - Int64(before.block.cumulativeLost)
        guard (1...Self.most).contains(expected), bytes >= before.bytes else { return nil }
        let rate = Double(bytes - before.bytes) * 8_000 / Double(elapsed)
        return (Int(expected), Int(min(max(lost, 0), expected)), rate)
    }
}
