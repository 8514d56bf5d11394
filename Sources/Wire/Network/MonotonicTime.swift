/// A time on a clock that only goes forward, in nanoseconds since some moment. Only differences mean anything.
package struct MonotonicTime: Hashable, Comparable, Sendable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    package func advanced(byMilliseconds milliseconds: Int64) -> Self {
        Self(nanoseconds: nanoseconds + milliseconds * 1_000_000)
    }

    package func milliseconds(since earlier: Self) -> Int64 { (nanoseconds - earlier.nanoseconds) / 1_000_000 }
}
