import Wire

/// Seconds that could be watched: at least twelve new frames, and no gap of half a second.
struct WatchedSeconds {
    private static let leastFrames = 12
    private static let longestGapMS: Int64 = 500

    private(set) var total: UInt32 = 0
    private(set) var watchable: UInt32 = 0
    /// The one that isn't over.
    private var second: Int64?
    private var frames = 0
    private var isGapped = false
    private var last: MonotonicTime?

    mutating func frame(at now: MonotonicTime) {
        settle(at: now)
        noteGap(until: now)
        frames += 1
        last = now
    }

    /// Ends the seconds that are over.
    mutating func settle(at now: MonotonicTime) {
        let current = now.nanoseconds / 1_000_000_000
        guard let open = second else { return second = current }
        guard current > open else { return }
        total += UInt32(current - open)
        noteGap(until: MonotonicTime(nanoseconds: (open + 1) * 1_000_000_000))
        if frames >= Self.leastFrames, !isGapped { watchable += 1 }
        (second, frames, isGapped) = (current, 0, false)
    }

    /// What of a gap lies in the second that isn't over.
    private mutating func noteGap(until now: MonotonicTime) {
        let start = MonotonicTime(nanoseconds: (second ?? 0) * 1_000_000_000)
        let begin = max(last ?? start, start)
        if now.milliseconds(since: begin) > Self.longestGapMS { isGapped = true }
    }
}
