import Histogram

/// How long packets were on their way, in nanoseconds: one for each thread, put together at the end.
package struct LatencyRecorder: Sendable {
    /// What is measured of a packet.
    package enum Kind: Int, CaseIterable, Sendable {
        /// Any packet of video, with the time it waited for the rest of its frame.
        case video
        /// The last packet of a frame, which waits for nothing.
        case frameEnd
        case audio
        /// How much the delay of a frame's end differs from that of the one before (RFC 3550, section 6.4.1: D).
        case jitter
    }

    /// Ten seconds: more is no live picture.
    private static let limit: UInt64 = 10_000_000_000
    private var histograms: [Histogram<UInt64>]
    package var isRecording = false

    package init() {
        histograms = Kind.allCases.map { _ in
            Histogram(
                lowestDiscernibleValue: 1_000, highestTrackableValue: Self.limit,
                numberOfSignificantValueDigits: .three)
        }
    }

    package mutating func record(_ nanoseconds: Int64, _ kind: Kind) {
        guard isRecording else { return }
        _ = histograms[kind.rawValue].record(UInt64(min(Int64(Self.limit), max(0, nanoseconds))))
    }

    package mutating func add(_ other: Self) {
        for kind in Kind.allCases { histograms[kind.rawValue].add(other.histograms[kind.rawValue]) }
    }

    package func count(_ kind: Kind) -> UInt64 { histograms[kind.rawValue].totalCount }

    /// In nanoseconds; nil when nothing was recorded.
    package func value(_ kind: Kind, percentile: Double) -> UInt64? {
        count(kind) == 0 ? nil : histograms[kind.rawValue].valueAtPercentile(percentile)
    }

    package func maximum(_ kind: Kind) -> UInt64? { count(kind) == 0 ? nil : histograms[kind.rawValue].max }
}
