/// A source's two clocks, as its last sender report tied them together: by them a receiver keeps sound and picture
/// together (RFC 3550, section 6.4.1).
package struct MediaClock: Sendable {
    private var last: (report: SenderReport, arrival: MonotonicTime)?

    package init() {}

    package mutating func take(_ report: SenderReport, at now: MonotonicTime) { last = (report, now) }

    /// What the source's clocks would show now; nil before its first report.
    package func reading(at now: MonotonicTime, clockRate: UInt32) -> (ntp: UInt64, rtp: UInt32)? {
        guard let last else { return nil }
        let elapsed = Double(max(0, now.nanoseconds - last.arrival.nanoseconds)) / 1e9
        return (
            last.report.ntp &+ UInt64(elapsed * 4_294_967_296),
            last.report.rtp &+ UInt32(truncatingIfNeeded: Int64(elapsed * Double(clockRate)))
        )
    }
}
