/// A replay window for each source of one peer: each counts its packets by itself (RFC 3711, sections 3.2.1 and 3.2.3). A
/// browser's receiver speaks as several: its reports on arrivals have another source than those on losses.
struct ReplayWindows: Sendable {
    /// A peer that has more is no browser; who was silent for longest is forgotten.
    private static let maximumSources = 16

    /// The one that spoke last is the last.
    private var sources: [(ssrc: UInt32, window: ReplayWindow)] = []

    func admits(_ index: UInt32, of ssrc: UInt32) -> Bool {
        sources.last { $0.ssrc == ssrc }?.window.admits(index) ?? true
    }

    /// Only for what has proved to be genuine.
    mutating func record(_ index: UInt32, of ssrc: UInt32) {
        let place = sources.lastIndex { $0.ssrc == ssrc }
        var source = place.map { sources.remove(at: $0) } ?? (ssrc: ssrc, window: ReplayWindow())
        if sources.count == Self.maximumSources { sources.removeFirst() }
        source.window.record(index)
        sources.append(source)
    }
}
