import Wire

/// A stream on the worker that has its uplink: the tracks in the viewers' form, and what is asked of the uplink.
final class RelayShow {
    /// Key frames cost everybody bandwidth: at most one a second, however many ask.
    static let keyFrameIntervalMS: Int64 = 1_000
    static let maximumLate = 64

    let stream: StreamID
    let attendance = Attendance()
    private(set) var uplink: RelayPeer
    private(set) var video: MediaTrack?
    private(set) var audio: MediaTrack?
    /// It has packets that no viewer has been sent yet.
    var isDirty = false
    var wantsKeyFrame = false
    var lastKeyFrameRequest: MonotonicTime?
    var packetsIn: UInt64 = 0

    init(stream: StreamID, uplink: RelayPeer, using generator: inout some RandomNumberGenerator) {
        self.stream = stream
        self.uplink = uplink
        take(uplink, using: &generator)
    }

    /// Another uplink, whose tracks go on under the former's names.
    func replaceUplink(by peer: RelayPeer, using generator: inout some RandomNumberGenerator) {
        uplink = peer
        take(peer, using: &generator)
    }

    private func take(_ peer: RelayPeer, using generator: inout some RandomNumberGenerator) {
        for negotiated in peer.tracks {
            if let known = track(negotiated.kind) {
                known.changeSource(codec: negotiated.codec)
                continue
            }
            let sources = MediaSources(media: Self.ssrc(using: &generator), repair: Self.ssrc(using: &generator))
            let track = MediaTrack(kind: negotiated.kind, codec: negotiated.codec, sources: sources)
            if negotiated.kind == .video { video = track } else { audio = track }
        }
    }

    private static func ssrc(using generator: inout some RandomNumberGenerator) -> UInt32 {
        UInt32.random(in: 1...UInt32.max, using: &generator)
    }

    func track(_ kind: MediaKind) -> MediaTrack? { kind == .video ? video : audio }

    private var tracks: [MediaTrack] { [video, audio].compactMap { $0 } }

    var description: ShowDescription {
        ShowDescription(
            stream: stream, attendance: attendance, tracks: tracks.map { .init(feed: $0.feed, codec: $0.codec) })
    }

    /// A track's clocks; nil before its first packet.
    func clock(_ kind: MediaKind) -> ShowClock? {
        guard let offset = track(kind)?.timestampOffset, let received = uplink.uplink?.track(kind) else { return nil }
        return ShowClock(uplink: received.clock, timestampOffset: offset)
    }
}
