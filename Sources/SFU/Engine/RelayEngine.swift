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
    private(set) var peers: [RelaySessionID: RelayPeer] = [:]
    /// Who is where.
    var directory = PeerDirectory<RelayPeer>()
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

    /// Takes an uplink. It is shown when its media come; until then the one before it is. `resumes`: the same connection
    /// may offer again to restart ICE, and its session goes on.
    func publish(
        _ stream: StreamID, _ offer: Negotiation, resumes: Bool = true, at now: MonotonicTime
    ) throws(RelayError) -> LocalPeer {
        let remote = RemoteCredentials(usernameFragment: offer.usernameFragment, password: offer.password)
        let terms = PeerTerms(
            tracks: offer.tracks, fingerprints: offer.fingerprints, role: offer.dtlsRole,
            announcedSources: offer.announcedSources)
        if resumes, let known = publisher(of: stream, offering: offer, terms) {
            restart(known, remote: remote)
            return try local(known)
        }
        let peer = try admit(
            stream, as: .uplink, .agreed(terms), remote: remote, remoteSessionID: offer.offer.sessionID, at: now)
        take(peer, asPublisherOf: stream)
        return try local(peer)
    }

    /// The one whose connection this offer is of.
    private func publisher(of stream: StreamID, offering offer: Negotiation, _ terms: PeerTerms) -> RelayPeer? {
        guard let publishers = shows[stream]?.publishers else { return nil }
        return [publishers.successor, publishers.current].compactMap { $0 }.first {
            $0.remoteSessionID == offer.offer.sessionID && $0.agreed?.fingerprints == terms.fingerprints
                && $0.agreed?.tracks == terms.tracks
        }
    }

    private func take(_ peer: RelayPeer, asPublisherOf stream: StreamID) {
        guard let show = shows[stream] else {
            let show = RelayShow(stream: stream, uplink: peer, using: &generator)
            shows[stream] = show
            return announce(show)
        }
        let (displaced, isCurrent) = show.offer(peer, using: &generator)
        if let displaced { forget(displaced) }
        if isCurrent { announce(show) }
    }

    /// Takes a viewer by its own offer.
    func play(_ stream: StreamID, _ offer: Negotiation, at now: MonotonicTime) throws(RelayError) -> LocalPeer {
        let terms = PeerTerms(tracks: offer.tracks, fingerprints: offer.fingerprints, role: offer.dtlsRole)
        let remote = RemoteCredentials(usernameFragment: offer.usernameFragment, password: offer.password)
        return try local(admitViewer(of: stream, .agreed(terms), remote: remote, at: now))
    }

    /// Takes a viewer before it has said anything, whom the relay offers these tracks.
    func invite(
        _ stream: StreamID, _ tracks: [NegotiatedTrack], at now: MonotonicTime
    ) throws(RelayError) -> LocalPeer {
        try local(
            admitViewer(of: stream, .offered(.init(tracks: tracks)), remote: RemoteCredentials(), at: now))
    }

    private func admitViewer(
        of stream: StreamID, _ phase: RelayPeer.Phase, remote: RemoteCredentials, at now: MonotonicTime
    ) throws(RelayError) -> RelayPeer {
        guard let audience = audiences[stream] else { throw .noUplink }
        let peer = try admit(stream, as: .viewer, phase, remote: remote, remoteSessionID: nil, at: now)
        audience.admit(peer.id)
        if !peer.isInvited { playersChanged(audience, by: 1) }
        prepareKeyFrame(audience, at: now)
        return peer
    }

    /// Takes the answer of a viewer that was invited. The picture's codec when it was offered and not taken.
    @discardableResult
    func accept(_ id: RelaySessionID, _ answer: Negotiation.Answer, at now: MonotonicTime) -> Codec? {
        var refused: Codec?
        guard let peer = peers[id],
            let early = peer.agree({ offered in
                let taken = answer.tracks(of: offered)
                if !taken.contains(where: { $0.kind == .video }) {
                    refused = offered.first { $0.kind == .video }?.codec
                }
                return PeerTerms(tracks: taken, fingerprints: answer.fingerprints, role: answer.dtlsRole)
            })
        else { return nil }
        directory.learn(
            RemoteCredentials(usernameFragment: answer.usernameFragment, password: answer.password), of: peer)
        sayHello(to: peer)
        for datagram in early { receiveHandshake(datagram, of: peer, at: now) }
        return refused
    }

    /// What a peer that restarts ICE (RFC 8445, section 9) or has trickled candidates is told; nil when there is no
    /// such session. An ICE-lite peer needs no candidates of others: their checks tell.
    func restart(_ id: RelaySessionID, remote: RemoteCredentials) -> LocalPeer? {
        guard let peer = peers[id] else { return nil }
        restart(peer, remote: remote)
        return try? local(peer)
    }

    /// Names a session's ICE credentials.
    func tag(of id: RelaySessionID) -> String? {
        peers[id].flatMap { directory[$0]?.credentials.usernameFragment }
    }

    private func restart(_ peer: RelayPeer, remote: RemoteCredentials) {
        guard let fragment = remote.usernameFragment, fragment != directory[peer]?.remote.usernameFragment else {
            return
        }
        directory.restart(peer, with: .random(using: &generator), remote: remote)
    }

    /// False when there is no such session.
    func end(_ id: RelaySessionID) -> Bool {
        guard let peer = peers[id] else { return false }
        remove(peer)
        return true
    }

    /// The show is over: nobody publishes or watches it any more.
    func end(_ stream: StreamID) {
        for peer in peers.values where peer.stream == stream { remove(peer) }
    }

    private func admit(
        _ stream: StreamID, as role: RelayPeer.Role, _ phase: RelayPeer.Phase, remote: RemoteCredentials,
        remoteSessionID: UInt64?, at now: MonotonicTime
    ) throws(RelayError) -> RelayPeer {
        guard peers.count < Self.maximumPeers else { throw .unavailable(reason: "too many peers") }
        peerCount += 1
        let peer = RelayPeer(
            id: RelaySessionID(worker: place.number, of: place.count, using: &generator), number: peerCount,
            stream: stream, role: role, sessionID: .random(in: 1...UInt64(Int64.max), using: &generator),
            remoteSessionID: remoteSessionID, phase: phase)
        peers[peer.id] = peer
        directory.admit(peer, .random(using: &generator), remote: remote, at: now)
        timers.set(.handshakes, now.advanced(byMilliseconds: Self.handshakeIntervalMS))
        timers.set(.sweep, now.advanced(byMilliseconds: Self.sweepIntervalMS))
        timers.set(.reports, now.advanced(byMilliseconds: Self.reportIntervalMS))
        return peer
    }

    private func local(_ peer: RelayPeer) throws(RelayError) -> LocalPeer {
        guard let credentials = directory[peer]?.credentials else { throw .unavailable(reason: "it has left") }
        return LocalPeer(
            id: peer.id, credentials: credentials, fingerprint: certificate.fingerprint, candidates: candidates,
            sessionID: peer.sessionID)
    }

    // MARK: Removal

    func remove(_ peer: RelayPeer) {
        let seat = peer.seat
        forget(peer)
        switch peer.role {
        case .viewer:
            outlet.viewerLeft()
            guard let audience = audiences[peer.stream] else { return }
            leave(audience, peer.id, seat)
            if !peer.isInvited { playersChanged(audience, by: -1) }
        case .uplink:
            guard let show = shows[peer.stream] else { return }
            switch show.leave(peer, using: &generator) {
            case .unnoticed: break
            case .succeeded: announce(show)
            case .ended: close(show)
            }
        }
    }

    private func close(_ show: RelayShow) {
        shows[show.stream] = nil
        outlet.tell(.closed(show.stream))
        closeAudience(show.stream)
        outlet.report(.ended(show.stream))
    }

    private func playersChanged(_ audience: Audience, by change: Int) {
        audience.players += change
        outlet.report(.players(audience.stream, worker: place.number, count: audience.players))
    }

    private func leave(_ audience: Audience, _ viewer: RelaySessionID, _ seat: ViewerSeat?) {
        audience.dismiss(viewer)
        guard let position = seat?.position else { return }
        if let moved = audience.downlinks.remove(position) {
            peers[moved]?.seat?.position = position
            if audience.pass != nil { audience.hasCatchingUp = true }  // it may have been moved past its turn
        }
    }

    /// Nothing is left of it but what its show has.
    func forget(_ peer: RelayPeer) {
        if let transport = peer.leave() { outlet.release(transport) }
        peers[peer.id] = nil
        for pair in directory[peer]?.pairs ?? [] where !pair.endpoint.isUDP { outlet.abandon(pair.endpoint) }
        directory.leave(peer)
    }
}

/// What an engine counts in all.
struct EngineCounters {
    var packetsIn: UInt64 = 0
    /// Datagrams of nobody we know, or of no protocol that is spoken here.
    var strayDatagrams: UInt64 = 0
    var failedHandshakes: UInt64 = 0
    /// Good checks from where somebody else is.
    var misplacedChecks: UInt64 = 0
    /// An uplink's packets that are of no track, or too long to be passed on.
    var unknownPackets: UInt64 = 0
    var oversizedPackets: UInt64 = 0
    var forgedPackets: UInt64 = 0
    var replayedPackets: UInt64 = 0
    var malformedPackets: UInt64 = 0
}
