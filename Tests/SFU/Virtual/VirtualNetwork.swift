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
    private var burstLeft = 0

    init(
        delayMS: Int64 = 1, lossPerMille: Int = 0, duplicatedPerMille: Int = 0, reorderedPerMille: Int = 0,
        burst: Int = 1
    ) {
        self.delayMS = delayMS
        self.lossPerMille = lossPerMille
        self.duplicatedPerMille = duplicatedPerMille
        self.reorderedPerMille = reorderedPerMille
        self.burst = burst
    }

    /// The delays with which a datagram arrives: none when it is lost, two when it is doubled.
    mutating func delays(using generator: inout SeededGenerator) -> [Int64] {
        if burstLeft > 0 {
            burstLeft -= 1
            return []
        }
        if Int.random(in: 0..<1_000, using: &generator) * burst < lossPerMille {
            burstLeft = burst - 1
            return []
        }
        var delay = delayMS
        if Int.random(in: 0..<1_000, using: &generator) < reorderedPerMille {
            delay += Int64.random(in: 2...30, using: &generator)
        }
        return Int.random(in: 0..<1_000, using: &generator) < duplicatedPerMille ? [delay, delay + 3] : [delay]
    }
}
