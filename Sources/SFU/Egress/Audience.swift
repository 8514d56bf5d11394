import Wire

/// A show's viewers on one worker, and how far they have been served.
final class Audience {
    /// One walk along all viewers with the same packets. It may take longer than sound should wait.
    struct Pass {
        let range: Range<UInt64>
        var position = 0
    }

    private static let keyFrameWishMS: Int64 = 100

    /// As the present uplink has it.
    var show: ShowDescription
    let worker: Int
    var downlinks = DownlinkTable()
    private(set) var viewers: Set<RelaySessionID> = []
    /// How many of them came by an offer of their own.
    var players = 0
    /// Up to where those who keep up have been sent each track, by `MediaKind.number`.
    var served: InlineArray<2, UInt64> = [0, 0]
    /// By `MediaKind.number`.
    var clocks: InlineArray<2, ShowClock?> = [nil, nil]
    /// A frame on its way to everybody, and how many have been sent it; nil between frames.
    var pass: Pass?
    /// There are viewers who read behind the rest: those who have just joined.
    var hasCatchingUp = false
    /// Those who are served by themselves.
    private(set) var paced: Set<RelaySessionID> = []
    /// A viewer waits for a picture to begin with.
    var isAwaited = false
    private var lastKeyFrameWish: MonotonicTime?
    /// Packets that came behind others, for all who are past them.
    private(set) var late: [(kind: MediaKind, index: UInt64)] = []

    init(_ show: ShowDescription, worker: Int) {
        self.show = show
        self.worker = worker
        late.reserveCapacity(RelayShow.maximumLate)
    }

    var stream: StreamID { show.stream }

    /// There is something that has not been sent to those who are here.
    var isBehind: Bool { show.tracks.contains { served[$0.feed.kind.number] != $0.feed.end } || !late.isEmpty }

    var hasViewers: Bool { !viewers.isEmpty }

    func admit(_ viewer: RelaySessionID) {
        viewers.insert(viewer)
        show.attendance.set(worker, isThere: true)
    }

    func setPaced(_ viewer: RelaySessionID, _ isPaced: Bool) {
        if isPaced { paced.insert(viewer) } else { paced.remove(viewer) }
    }

    func dismiss(_ viewer: RelaySessionID) {
        viewers.remove(viewer)
        paced.remove(viewer)
        guard viewers.isEmpty else { return }
        pass = nil
        show.attendance.set(worker, isThere: false)
    }

    func feed(ofSource ssrc: UInt32) -> TrackFeed? { show.tracks.first { $0.feed.sources.media == ssrc }?.feed }

    /// So often the worker that has the uplink is told that one is needed, however many ask here. How often the uplink is
    /// asked is decided there.
    func mayAskForKeyFrame(at now: MonotonicTime) -> Bool {
        if let last = lastKeyFrameWish, now.milliseconds(since: last) < Self.keyFrameWishMS { return false }
        lastKeyFrameWish = now
        return true
    }

    func noteLate(_ kind: MediaKind, _ index: UInt64) {
        if late.count < RelayShow.maximumLate { late.append((kind, index)) }
    }

    func forgetLate() { late.removeAll(keepingCapacity: true) }
}
