package import Wire

/// When it is tried whether a link carries more, by packets that are nothing but padding: often while that succeeds, then
/// more and more seldom, since each try is a burst in somebody's queue.
package struct ProbePlan {
    package struct Probe: Equatable {
        package let number: UInt16
        /// In bits a second.
        package let rate: Double
        package let bytes: Int
    }

    private static let shortestMS: Int64 = 15
    private static let leastBytes = 5 * 260
    private static let firstPauseMS: Int64 = 1_000
    private static let nextMS: Int64 = 200
    private static let longestPauseMS: Int64 = 3_000
    /// A probe has succeeded when this share of its rate was found.
    private static let success = 0.7

    private var number: UInt16 = 0
    private var pauseMS = firstPauseMS
    private var last: (probe: Probe, time: MonotonicTime)?
    private var isJudged = true

    package init() {}

    /// `rate`: what the link is known to carry; `wanted`: what would be sent if it carried that. Nil when it isn't time.
    package mutating func next(
        rate: Double, wanted: Double, queueMS: Double, isLossy: Bool, roundTripMS: Double, at now: MonotonicTime
    ) -> Probe? {
        guard rate < wanted else { return nil }
        if let last, !isJudged, now.milliseconds(since: last.time) > Int64(roundTripMS) + 300 { miss(last.probe) }
        guard queueMS < 25, !isLossy else { return nil }
        guard let last else { return start(rate, wanted, at: now) }
        guard isJudged, now.milliseconds(since: last.time) >= pauseMS else { return nil }
        return start(rate, wanted, at: now)
    }

    /// The link has proven worse: who has just failed tries no more for a while.
    package mutating func noteFall(at now: MonotonicTime) {
        pauseMS = max(pauseMS, Self.firstPauseMS)
        if let last { self.last = (last.probe, now) }
    }

    /// A probe's packets have come, this fast.
    package mutating func receive(number: UInt16, rate: Double) {
        guard let last, last.probe.number == number, !isJudged else { return }
        isJudged = true
        if rate >= Self.success * last.probe.rate { pauseMS = Self.nextMS } else { miss(last.probe) }
    }

    private mutating func miss(_ probe: Probe) {
        isJudged = true
        pauseMS = min(max(2 * pauseMS, Self.firstPauseMS), Self.longestPauseMS)
    }

    private mutating func start(_ rate: Double, _ wanted: Double, at now: MonotonicTime) -> Probe {
        number = max(number &+ 1, 1)
        let target = min(2 * rate, 1.2 * wanted)
        let bytes = max(Int(target * Double(Self.shortestMS) / 8_000), Self.leastBytes)
        let probe = Probe(number: number, rate: target, bytes: bytes)
        last = (probe, now)
        isJudged = false
        return probe
    }
}
