package import Wire

/// Spreads what one receiver is sent: so many bytes may go now. What is above its rate is paid back afterwards.
package struct Pacer {
    /// So far ahead of its rate nobody gets after a pause.
    private static let burstMS = 15.0

    private var bytes = 0.0
    private var last: MonotonicTime?

    package init() {}

    /// Lets the time until now count. `rate` in bits a second.
    package mutating func refill(rate: Double, at now: MonotonicTime) {
        let elapsed = last.map { Double(now.nanoseconds - $0.nanoseconds) / 1e6 } ?? Self.burstMS
        last = now
        bytes = min(bytes + rate * elapsed / 8_000, rate * Self.burstMS / 8_000)
    }

    package var isOpen: Bool { bytes > 0 }

    package mutating func spend(_ count: Int) { bytes -= Double(count) }
}
