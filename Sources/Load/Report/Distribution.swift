/// How values are spread.
package struct Distribution: Codable, Sendable, Equatable {
    package var count: UInt64
    package var p50: Double
    package var p99: Double
    package var p999: Double
    package var max: Double

    /// Of single values; nil without any. A percentile is the smallest value that as many are not above.
    package init?(_ values: [Double]) {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        func value(_ share: Double) -> Double {
            sorted[min(sorted.count - 1, Int((share * Double(sorted.count)).rounded(.up)) - 1)]
        }
        count = UInt64(sorted.count)
        p50 = value(0.5)
        p99 = value(0.99)
        p999 = value(0.999)
        max = sorted[sorted.count - 1]
    }

    /// Of what was recorded, in microseconds; nil without any.
    package init?(_ recorder: LatencyRecorder, _ kind: LatencyRecorder.Kind) {
        guard let maximum = recorder.maximum(kind) else { return nil }
        func microseconds(_ percentile: Double) -> Double {
            Double(recorder.value(kind, percentile: percentile) ?? 0) / 1_000
        }
        count = recorder.count(kind)
        p50 = microseconds(50)
        p99 = microseconds(99)
        p999 = microseconds(99.9)
        max = Double(maximum) / 1_000
    }
}
