import Signaling

/// What viewers' pages say that they saw, added up.
struct ViewCounts {
    private var seconds = 0
    private var frozenMS = 0
    private var concealedMS = 0
    private var frameRates = Histogram(bounds: [1, 5, 10, 15, 20, 25, 30])
    private var frozenShares = Histogram(bounds: [0, 0.01, 0.05, 0.1, 0.25, 0.5])

    mutating func add(_ report: ViewReport) {
        seconds += report.seconds
        frozenMS += report.frozenMS
        concealedMS += report.concealedMS
        frameRates.add(Double(report.frames) / Double(report.seconds))
        frozenShares.add(Double(report.frozenMS) / Double(report.seconds * 1_000))
    }

    func add(to text: inout PrometheusText) {
        text.family("vitrine_view_seconds_total", "counter", "Time that viewers' pages have reported on.", seconds)
        text.family(
            "vitrine_view_frozen_seconds_total", "counter", "Of it, with a picture that stood still.",
            [([:], Double(frozenMS) / 1_000)])
        text.family(
            "vitrine_view_concealed_seconds_total", "counter", "Sound that players had to make up.",
            [([:], Double(concealedMS) / 1_000)])
        text.histogram("vitrine_view_frames_per_second", "Frames a second, by report.", frameRates)
        text.histogram("vitrine_view_frozen_ratio", "Share of time with a frozen picture, by report.", frozenShares)
    }
}
