import DTLS
import ICE
import SRTP
import Wire

/// One worker of the relay without sockets, threads and clocks: datagrams and the time go in, datagrams come out by the
/// outlet. One thread at a time.
///
/// An uplink is on one engine, its viewers are on any: they read the uplink's rings, and engines tell each other the
/// rest as `ShowNews`.
final class RelayEngine {
    /// More would be memory for whoever asks.
    private static let maximumPeers = 10_000

    /// Which of how many it is.
    struct Place {
        var number = 0
        var count = 1
    }

    let place: Place
    let outlet: any RelayOutlet
    let certificate: DTLSCertificate
    let cipherHome: CipherHome
    private let candidates: [Candidate]
    let responder = ICELiteResponder()
    /// What all peers' SRTCP takes turns with.
    let scratch: SRTCPScratch
    /// Names this relay as a receiver and sender of reports.
    let ssrc: UInt32
    var generator: any RandomNumberGenerator

    /// The uplinks that are here.
    var shows: [StreamID: RelayShow] = [:]
    /// Every show that has an uplink, here or elsewhere, with the viewers that are here.
    var audiences: [StreamID: Audience] = [:]
    var peers: [RelaySessionID: RelayPeer] = [:]
    var peersByFragment: [String: RelayPeer] = [:]
    var peersByEndpoint: [Endpoint: RelayPeer] = [:]
    var egress: Egress
    var timers = TimerTable()
    var checks = CheckLimiter()
    var counters = EngineCounters()
    /// Where the next part of the reports begins.
    var reportCursor = 0
    var dirtyShows: [RelayShow] = []
    private var peerCount = 0

    /// `mapped`: the sockets behind the outlet speak IPv6, too.
    init(
        place: Place = Place(), outlet: any RelayOutlet, certificate: DTLSCertificate, candidates: [Candidate],
        mapped: Bool = false, cipherHome: CipherHome = .fastest,
        generator: any RandomNumberGenerator = SystemRandomNumberGenerator()
    ) throws {
        scratch = try SRTCPScratch()
        self.place = place
        self.outlet = outlet
        self.certificate = certificate
        self.candidates = candidates
        self.cipherHome = cipherHome
        self.generator = generator
        ssrc = UInt32.random(in: 1...UInt32.max, using: &self.generator)
        egress = Egress(outlet: outlet, mapped: mapped)
    }

    // MARK: Sessions

    /// What viewers of this show are to be offered. Throws `.noUplink` when nobody publishes it.
    func show(_ stream: StreamID) throws(RelayError) -> ShowDescription {
        guard let audience = audiences[stream] else { throw .noUplink }
        return audience.show
    }

    /// Takes an uplink, in place of the one before it. The same peer may offer again to restart ICE: its session goes
    /// on.
    func publish(_ stream: StreamID, _ offer: Negotiation, at now: MonotonicTime) throws(RelayError) -> LocalPeer {
        if let known = shows[stream]?.uplink, known.remoteFingerprints == offer.fingerprints,
            known.remoteSessionID == offer.offer.sessionID, known.tracks == offer.tracks
        {
            restart(known, remoteFragment: offer.usernameFragment)
            return local(known)
        }
        let peer = try admit(stream, as: .uplink, tracks: offer.tracks, at: now)
        peer.remoteFingerprints = offer.fingerprints
        peer.remoteFragment = offer.usernameFragment
        peer.remoteSessionID = offer.offer.sessionID
        peer.announcedSources = offer.announcedSources
        let show = open(stream, uplink: peer)
        outlet.tell(.opened(show.description))
        openAudience(show.description)
        return local(peer)
    }

    private func open(_ stream: StreamID, uplink: RelayPeer) -> RelayShow {
        guard let known = shows[stream] else {
            let show = RelayShow(stream: stream, uplink: uplink, using: &generator)
            shows[stream] = show
            return show
        }
        forget(known.uplink)
        known.replaceUplink(by: uplink, using: &generator)
        return known
    }

    /// Takes a viewer by its own offer.
    func play(_ stream: StreamID, _ offer: Negotiation, at now: MonotonicTime) throws(RelayError) -> LocalPeer {
        let peer = try admitViewer(of: stream, tracks: offer.tracks, at: now)
        peer.remoteFingerprints = offer.fingerprints
        peer.remoteFragment = offer.usernameFragment
        return local(peer)
    }

    /// Takes a viewer before it has said anything, whom the relay offers these tracks.
    func invite(
        _ stream: StreamID, _ tracks: [NegotiatedTrack], at now: MonotonicTime
    ) throws(RelayError) -> LocalPeer {
        local(try admitViewer(of: stream, tracks: tracks, at: now))
    }

    private func admitViewer(
        of stream: StreamID, tracks: [NegotiatedTrack], at now: MonotonicTime
    ) throws(RelayError) -> RelayPeer {
        guard let audience = audiences[stream] else { throw .noUplink }
        let peer = try admit(stream, as: .viewer, tracks: tracks, at: now)
        audience.admit(peer.id)
        prepareKeyFrame(audience, at: now)
        return peer
    }

    /// Takes the answer of a viewer that was invited.
    func accept(_ id: RelaySessionID, _ answer: Negotiation.Answer, at now: MonotonicTime) {
        guard let peer = peers[id], peer.remoteFingerprints == nil else { return }
        peer.remoteFingerprints = answer.fingerprints
        peer.tracks = peer.tracks.filter { answer.kinds.contains($0.kind) }
        guard let endpoint = peer.endpoint else { return }
        let early = peer.early
        peer.early = []
        for datagram in early { receiveHandshake(datagram, of: peer, from: endpoint) }
    }

    /// What a peer that restarts ICE (RFC 8445, section 9) or has trickled candidates is told; nil when there is no
    /// such session. An ICE-lite peer needs no candidates of others: their checks tell.
    func restart(_ id: RelaySessionID, remoteFragment: String?) -> LocalPeer? {
        guard let peer = peers[id] else { return nil }
        restart(peer, remoteFragment: remoteFragment)
        return local(peer)
    }

    /// Names a session's ICE credentials.
    func tag(of id: RelaySessionID) -> String? { peers[id]?.credentials.usernameFragment }

    private func restart(_ peer: RelayPeer, remoteFragment: String?) {
        guard let remoteFragment, remoteFragment != peer.remoteFragment else { return }
        peer.remoteFragment = remoteFragment
        if let former = peer.formerCredentials { peersByFragment[former.usernameFragment] = nil }
        peer.restart(with: .random(using: &generator))
        peersByFragment[peer.credentials.usernameFragment] = peer
    }

    /// False when there is no such session.
    func end(_ id: RelaySessionID) -> Bool {
        guard let peer = peers[id] else { return false }
        remove(peer)
        return true
    }

    private func admit(
        _ stream: StreamID, as role: RelayPeer.Role, tracks: [NegotiatedTrack], at now: MonotonicTime
    ) throws(RelayError) -> RelayPeer {
        guard peers.count < Self.maximumPeers else { throw .unavailable(reason: "too many peers") }
        peerCount += 1
        let peer = RelayPeer(
            id: RelaySessionID(worker: place.number, of: place.count, using: &generator), number: peerCount,
            stream: stream, role: role, tracks: tracks, credentials: .random(using: &generator),
            sessionID: .random(in: 1...UInt64(Int64.max), using: &generator), now: now)
        peers[peer.id] = peer
        peersByFragment[peer.credentials.usernameFragment] = peer
        timers.set(.handshakes, now.advanced(byMilliseconds: Self.handshakeIntervalMS))
        timers.set(.sweep, now.advanced(byMilliseconds: Self.sweepIntervalMS))
        timers.set(.reports, now.advanced(byMilliseconds: Self.reportIntervalMS))
        return peer
    }

    private func local(_ peer: RelayPeer) -> LocalPeer {
        LocalPeer(
            id: peer.id, credentials: peer.credentials, fingerprint: certificate.fingerprint, candidates: candidates,
            sessionID: peer.sessionID)
    }

    // MARK: Removal

    func remove(_ peer: RelayPeer) {
        forget(peer)
        switch peer.role {
        case .viewer:
            outlet.viewerLeft()
            if let audience = audiences[peer.stream] { leave(audience, peer) }
        case .uplink:
            guard let show = shows[peer.stream], show.uplink === peer else { return }
            shows[peer.stream] = nil
            outlet.tell(.closed(peer.stream))
            closeAudience(peer.stream)
            outlet.uplinkEnded(peer.stream)
        }
    }

    private func leave(_ audience: Audience, _ viewer: RelayPeer) {
        audience.dismiss(viewer.id)
        guard let position = viewer.position else { return }
        viewer.position = nil
        if let moved = audience.downlinks.remove(position) {
            peers[moved]?.position = position
            if audience.pass != nil { audience.hasCatchingUp = true }  // it may have been moved past its turn
        }
    }

    func forget(_ peer: RelayPeer) {
        releaseTransport(of: peer)
        peers[peer.id] = nil
        peersByFragment[peer.credentials.usernameFragment] = nil
        if let former = peer.formerCredentials { peersByFragment[former.usernameFragment] = nil }
        if let endpoint = peer.endpoint, peersByEndpoint[endpoint] === peer { peersByEndpoint[endpoint] = nil }
    }
}

/// What an engine counts in all.
struct EngineCounters {
    var packetsIn: UInt64 = 0
    /// Datagrams of nobody we know, or of no protocol that is spoken here.
    var strayDatagrams: UInt64 = 0
    var failedHandshakes: UInt64 = 0
    var forgedPackets: UInt64 = 0
    var replayedPackets: UInt64 = 0
    var malformedPackets: UInt64 = 0
}
