/// Which of several recordings is shown when. Where they overlap, the one that began last is, as long as it lasts: then
/// the one before goes on, so that nothing is lost which nobody else has.
enum MediaTimeline {
    struct Span: Equatable {
        var startMS: Int64
        var durationMS: Int64

        var endMS: Int64 { startMS + durationMS }
    }

    /// A stretch of one recording.
    struct Segment: Equatable {
        /// Which of the spans.
        var span: Int
        var startMS: Int64
        var endMS: Int64
    }

    /// What is left of one for so short a time behind another is no picture to go back to.
    static let shortestMS: Int64 = 500

    /// `spans` in the order in which they begin.
    static func segments(_ spans: [Span]) -> [Segment] {
        let edges = Set(spans.flatMap { [$0.startMS, $0.endMS] }).sorted()
        var segments: [Segment] = []
        for (start, end) in zip(edges, edges.dropFirst()) {
            guard let shown = spans.lastIndex(where: { $0.startMS <= start && $0.endMS >= end }) else { continue }
            if let last = segments.last, last.span == shown, last.endMS == start {
                segments[segments.count - 1].endMS = end
            } else {
                segments.append(Segment(span: shown, startMS: start, endMS: end))
            }
        }
        return segments.filter { $0.startMS == spans[$0.span].startMS || $0.endMS - $0.startMS >= shortestMS }
    }
}
