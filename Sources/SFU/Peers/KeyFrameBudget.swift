import Wire

/// How many key frames one viewer can have the admin's encoder make: each costs everybody.
struct KeyFrameBudget {
    private static let (most, withinMS): (Int, Int64) = (3, 10_000)
    private static let pauseMS: Int64 = 1_000

    private var times = InlineArray<3, MonotonicTime?>(repeating: nil)
    private var count = 0

    /// Whether the last one was asked for so long ago that it isn't still on its way.
    private func isDue(at now: MonotonicTime) -> Bool {
        guard count > 0, let last = times[(count - 1) % Self.most] else { return true }
        return now.milliseconds(since: last) >= Self.pauseMS
    }

    /// Whether one may be asked for now; then it counts.
    mutating func take(at now: MonotonicTime) -> Bool {
        guard isDue(at: now) else { return false }
        let place = count % Self.most
        if let oldest = times[place], now.milliseconds(since: oldest) < Self.withinMS { return false }
        times[place] = now
        count += 1
        return true
    }
}
