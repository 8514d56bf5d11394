internal import Foundation
package import Wire

/// The edge's only clock: calendar time that never steps back while the process runs, so that spans can be measured
/// with it. It takes the calendar's time once and goes on from there by the monotonic clock.
package struct ServerClock: Sendable {
    private let start = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
    private let startInstant = ContinuousClock.now

    package init() {}

    /// When it began to count: the process's start.
    package var startedAt: Timestamp { start }

    package var now: Timestamp {
        let (seconds, attoseconds) = startInstant.duration(to: .now).components
        return start.advanced(byMilliseconds: seconds * 1_000 + attoseconds / 1_000_000_000_000_000)
    }
}
