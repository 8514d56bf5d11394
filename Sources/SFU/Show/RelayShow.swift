import Wire

/// A stream on the worker that has its uplink: the tracks in the viewers' form, and what is asked of the uplink.
final class RelayShow {
    static let maximumLate = 64

    let stream: StreamID
    let attendance = Attendance()
    private(set) var publishers: Publishers<RelayPeer>
    private(set) var video: MediaTrack?
    private(set) var audio: MediaTrack?
    var keyFrames = KeyFrameRequests()
    /// It has packets that no viewer has been sent yet.
    var isDirty = false
    var packetsIn: UInt64 = 0
    /// Too long for a viewer's datagram.
    var oversizedPackets: UInt64 = 0

    init(stream: StreamID, uplink: RelayPeer, using generator: inout some RandomNumberGenerator) {
        self.stream = stream
        publishers = Publishers(uplink)
        take(uplink.terms?.tracks ?? [], using: &generator)
    }

    /// Whose media are shown.
    var uplink: RelayPeer { publishers.current }

    /// Another one wants to publish. Who is not needed any more, and whether the stream's description has changed.
    func offer(
        _ peer: RelayPeer, using generator: inout some RandomNumberGenerator
    ) -> (displaced: RelayPeer?, isCurrent: Bool) {
        let outcome = publishers.offer(peer)
        if outcome.isCurrent { take(peer.terms?.tracks ?? [], using: &generator) }
        return outcome
    }

    /// Media of this peer have come, in these tracks.
    func receiveMedia(
        of peer: RelayPeer, _ tracks: [NegotiatedTrack], using generator: inout some RandomNumberGenerator
    ) -> (former: RelayPeer?, isShown: Bool) {
        let outcome = publishers.receiveMedia(of: peer)
        if outcome.former != nil { take(tracks, using: &generator) }
        return outcome
    }

    /// This peer has gone.
    func leave(
        _ peer: RelayPeer, using generator: inout some RandomNumberGenerator
    ) -> Publishers<RelayPeer>.Departure {
        let departure = publishers.leave(peer)
        if case .succeeded(let next) = departure {
            take(next.terms?.tracks ?? next.receiver?.tracks.map(\.negotiated) ?? [], using: &generator)
        }
        return departure
    }

    /// Another uplink's tracks go on under the former's names.
    private func take(_ tracks: [NegotiatedTrack], using generator: inout some RandomNumberGenerator) {
        keyFrames.forgetRequests()
        for negotiated in tracks {
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
        guard let offset = track(kind)?.timestampOffset, let received = uplink.receiver?.track(kind) else { return nil }
        return ShowClock(uplink: received.clock, timestampOffset: offset)
    }
}
