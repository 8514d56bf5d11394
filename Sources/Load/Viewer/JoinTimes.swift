import Wire

/// When one viewer came how far.
struct JoinTimes: Sendable {
    /// Its offer was about to be posted.
    var asked: MonotonicTime
    var connected: MonotonicTime?
    var firstMedia: MonotonicTime?
    var firstKeyFrame: MonotonicTime?

    init(asked: MonotonicTime) { self.asked = asked }
}
