import TestSupport
import Wire

/// What a way through the network does to datagrams.
struct Link {
    let delayMS: Int64
    /// Of 1,000 datagrams.
    let lossPerMille: Int
    let duplicatedPerMille: Int
    /// So many come up to 30 ms late, behind others.
    let reorderedPerMille: Int
    /// Losses come in runs of this many.
    let burst: Int
    /// What it carries in a second, in 1,000 bits; nil: all.
    let rateKbps: Int64?
    /// So much of sending may wait before it; what comes then is lost.
    let queueMS: Int64
    private var burstLeft = 0
    private var freeAt: Int64 = 0

    init(
        delayMS: Int64 = 1, lossPerMille: Int = 0, duplicatedPerMille: Int = 0, reorderedPerMille: Int = 0,
        burst: Int = 1, rateKbps: Int64? = nil, queueMS: Int64 = 200
    ) {
        self.delayMS = delayMS
        self.lossPerMille = lossPerMille
        self.duplicatedPerMille = duplicatedPerMille
        self.reorderedPerMille = reorderedPerMille
        self.burst = burst
        self.rateKbps = rateKbps
        self.queueMS = queueMS
    }

    /// The delays with which a datagram arrives: none when it is lost, two when it is doubled.
    mutating func delays(bytes: Int, at now: MonotonicTime, using generator: inout SeededGenerator) -> [Int64] {
        if burstLeft > 0 {
            burstLeft -= 1
            return []
        }
        if Int.random(in: 0..<1_000, using: &generator) * burst < lossPerMille {
            burstLeft = burst - 1
            return []
        }
        guard let waitMS = wait(bytes, at: now) else { return [] }
        var delay = delayMS + waitMS
        if Int.random(in: 0..<1_000, using: &generator) < reorderedPerMille {
            delay += Int64.random(in: 2...30, using: &generator)
        }
        return Int.random(in: 0..<1_000, using: &generator) < duplicatedPerMille ? [delay, delay + 3] : [delay]
    }

    /// Until the last bit is through; nil when the queue is full.
    private mutating func wait(_ bytes: Int, at now: MonotonicTime) -> Int64? {
        guard let rateKbps else { return 0 }
        let start = max(freeAt, now.nanoseconds)
        guard start - now.nanoseconds <= queueMS * 1_000_000 else { return nil }
        freeAt = start + Int64(bytes + 28) * 8_000_000 / rateKbps
        return (freeAt - now.nanoseconds) / 1_000_000
    }
}
