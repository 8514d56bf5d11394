import Wire

/// A stream as one engine knows it: the uplink, its tracks in the viewers' form, and the viewers.
final class RelayShow {
    /// Key frames cost everybody bandwidth: at most one a second, however many ask.
    static let keyFrameIntervalMS: Int64 = 1_000

    let stream: StreamID
    var uplink: RelayPeer
    private(set) var video: MediaTrack?
    private(set) var audio: MediaTrack?
    var downlinks = DownlinkTable()
    var viewers: Set<RelaySessionID> = []
    /// It has packets that no viewer has been sent yet.
    var isDirty = false
    /// Packets that came behind others, for all who are past them.
    var late: [(kind: MediaKind, index: UInt64)] = []
    /// Viewers who read behind the rest: those who have just joined.
    var hasCatchingUp = false
    var wantsKeyFrame = false
    var lastKeyFrameRequest: MonotonicTime?
    var packetsIn: UInt64 = 0

    static let maximumLate = 64

    init(stream: StreamID, uplink: RelayPeer, using generator: inout some RandomNumberGenerator) {
        self.stream = stream
        self.uplink = uplink
        late.reserveCapacity(Self.maximumLate)
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

    var tracks: [MediaTrack] { [video, audio].compactMap { $0 } }

    var sources: [MediaKind: MediaSources] {
        Dictionary(uniqueKeysWithValues: tracks.map { ($0.kind, $0.sources) })
    }

    var codecs: [MediaKind: Codec] { Dictionary(uniqueKeysWithValues: tracks.map { ($0.kind, $0.codec) }) }

    /// What viewers are offered: payload types of the relay's own, the same for all.
    var offeredTracks: [NegotiatedTrack] {
        tracks.enumerated().map { number, track in
            NegotiatedTrack(
                mid: String(number), kind: track.kind, codec: track.codec, payloadType: track.kind == .video ? 96 : 111,
                repairPayloadType: track.kind == .video ? 97 : nil)
        }
    }
}
