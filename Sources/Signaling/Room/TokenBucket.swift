internal import Wire

/// Allows a steady rate with bursts, in the room's own time.
struct TokenBucket: Sendable {
    struct Rate: Sendable {
        let perSecond: Int64
        let burst: Int64
    }

    private let rate: Rate
    /// In thousandths, so that whole numbers are exact.
    private var level: Int64
    private var updated: Timestamp

    init(_ rate: Rate, at now: Timestamp) {
        self.rate = rate
        level = rate.burst * 1_000
        updated = now
    }

    /// Takes tokens, one unless said otherwise; false, and none is taken, when there are too few.
    mutating func take(_ count: Int = 1, at now: Timestamp) -> Bool {
        let elapsed = max(0, now.milliseconds(since: updated))
        level = min(rate.burst * 1_000, level + min(elapsed, 3_600_000) * rate.perSecond)
        updated = max(updated, now)
        let price = Int64(count) * 1_000
        guard level >= price else { return false }
        level -= price
        return true
    }
}
