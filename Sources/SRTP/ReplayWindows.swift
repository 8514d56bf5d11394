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
        if let place = sources.lastIndex(where: { $0.ssrc == ssrc }) {
            sources[place].window.record(index)
            if place != sources.count - 1 { sources.swapAt(place, sources.count - 1) }
            return
        }
        if sources.count == Self.maximumSources { sources.removeFirst() }
        var window = ReplayWindow()
        window.record(index)
        sources.append((ssrc, window))
    }
}
