import ICE
import Wire

/// Who is where (RFC 8445, RFC 7675). The rules:
/// - A pair belongs to whoever has proven it first, until his consent for it ends: nobody else's check, however good,
///   takes his place.
/// - What comes from any of a peer's proven pairs is the peer's (RFC 8445, section 12.2).
/// - A peer is sent to where its first good check came from. Wherever else it wants to have its media, that address has
///   to answer a check of the relay's own first: a check's source is easily forged, an answer isn't.
struct PeerDirectory<Peer: AnyObject> {
    /// What a good check leads to.
    enum CheckOutcome {
        /// Of nobody we know, or from where somebody else is.
        case refused
        case noted
        /// The peer's first: it can be sent to from now on.
        case reached(Peer)
        /// The peer wants to be sent to from where it was heard: this goes there first.
        case probe([UInt8])
    }

    /// What an answer to a check of our own, or the lack of one, leads to.
    enum ProbeOutcome {
        /// The round trip is known where one check has one answer.
        case answered(Peer, roundTripMS: Int64?)
        case moved(Peer, to: Endpoint, roundTripMS: Int64?)
        case again([UInt8], to: Endpoint)
        /// It was asked whether it is still there, and isn't.
        case gone(Peer)
    }

    /// RFC 7675, section 5.1.
    static var consentMS: Int64 { 30_000 }

    private var residences: [ObjectIdentifier: (peer: Peer, home: PeerResidence)] = [:]
    private var byFragment: [String: Peer] = [:]
    private var byEndpoint: [Endpoint: Peer] = [:]
    /// Who has a check of ours under way.
    private var probed: Set<ObjectIdentifier> = []

    var count: Int { residences.count }
    var fragmentCount: Int { byFragment.count }
    var endpointCount: Int { byEndpoint.count }
    var isProbing: Bool { !probed.isEmpty }

    /// Who has proven to be there. On the way of every packet.
    func peer(at endpoint: Endpoint) -> Peer? { byEndpoint[endpoint] }

    func peer(named fragment: String) -> Peer? { byFragment[fragment] }

    func password(for fragment: String) -> String? {
        byFragment[fragment].flatMap { self[$0]?.password(for: fragment) }
    }

    /// Where the peer is sent to; nil before its first good check.
    func endpoint(of peer: Peer) -> Endpoint? { self[peer]?.selected }

    subscript(peer: Peer) -> PeerResidence? { residences[ObjectIdentifier(peer)]?.home }

    // MARK: Coming and going

    mutating func admit(
        _ peer: Peer, _ credentials: ICECredentials, remote: RemoteCredentials, at now: MonotonicTime
    ) {
        residences[ObjectIdentifier(peer)] = (peer, PeerResidence(credentials, remote: remote, at: now))
        byFragment[credentials.usernameFragment] = peer
    }

    /// The peer's answer has come.
    mutating func learn(_ remote: RemoteCredentials, of peer: Peer) {
        residences[ObjectIdentifier(peer)]?.home.learn(remote)
    }

    /// A restart of ICE (RFC 8445, section 9). The former credentials hold until the new ones are used.
    mutating func restart(_ peer: Peer, with credentials: ICECredentials, remote: RemoteCredentials) {
        let forgotten = residences[ObjectIdentifier(peer)]?.home.restart(with: credentials, remote: remote)
        if let forgotten = forgotten ?? nil { byFragment[forgotten] = nil }
        byFragment[credentials.usernameFragment] = peer
    }

    mutating func leave(_ peer: Peer) {
        probed.remove(ObjectIdentifier(peer))
        guard let home = residences.removeValue(forKey: ObjectIdentifier(peer))?.home else { return }
        for fragment in home.fragments where byFragment[fragment] === peer { byFragment[fragment] = nil }
        for pair in home.pairs where byEndpoint[pair.endpoint] === peer { byEndpoint[pair.endpoint] = nil }
    }

    /// Whose consent has ended.
    func expired(at now: MonotonicTime) -> [Peer] {
        residences.values.filter { now.milliseconds(since: $0.home.lastHeard) > Self.consentMS }.map(\.peer)
    }

    // MARK: The peer's checks

    /// Takes a check whose signature is good. `displaces`: whether this peer may have the other's place at once, as who
    /// comes again to what was his own.
    mutating func receiveCheck(
        _ fragment: String, from endpoint: Endpoint, nominates: Bool, at now: MonotonicTime,
        using generator: inout some RandomNumberGenerator, displaces: (Peer, Peer) -> Bool
    ) -> CheckOutcome {
        guard let peer = byFragment[fragment], claim(endpoint, for: peer, at: now, displaces) else { return .refused }
        let key = ObjectIdentifier(peer)
        if let former = residences[key]?.home.settleRestart(usedFragment: fragment) { byFragment[former] = nil }
        residences[key]?.home.hear(endpoint, at: now)
        guard let selected = self[peer]?.selected else {
            residences[key]?.home.select(endpoint)
            return .reached(peer)
        }
        guard nominates, selected != endpoint else { return .noted }
        if self[peer]?.probe?.endpoint == endpoint, self[peer]?.probe?.purpose == .move { return .noted }
        return probe(peer, at: endpoint, for: .move, at: now, using: &generator).map { .probe($0) } ?? .noted
    }

    private mutating func claim(
        _ endpoint: Endpoint, for peer: Peer, at now: MonotonicTime, _ displaces: (Peer, Peer) -> Bool
    ) -> Bool {
        if let owner = byEndpoint[endpoint] {
            if owner === peer { return true }
            let pair = self[owner]?.pairs.first { $0.endpoint == endpoint }
            let isOver = pair.map { now.milliseconds(since: $0.lastCheck) > Self.consentMS } ?? true
            guard isOver || displaces(peer, owner) else { return false }
            residences[ObjectIdentifier(owner)]?.home.remove(endpoint)
        }
        byEndpoint[endpoint] = peer
        let former = residences[ObjectIdentifier(peer)]?.home.add(endpoint, at: now)
        if let former = former ?? nil, byEndpoint[former] === peer { byEndpoint[former] = nil }
        return true
    }

    // MARK: Our own checks

    /// Begins to ask a peer something. What to send; nil when its description lacks what is needed to ask.
    mutating func probe(
        _ peer: Peer, at endpoint: Endpoint, for purpose: PeerResidence.Probe.Purpose, at now: MonotonicTime,
        using generator: inout some RandomNumberGenerator
    ) -> [UInt8]? {
        let key = ObjectIdentifier(peer)
        guard let home = self[peer], let remote = home.remote.whole else { return nil }
        let check = AddressCheck(
            remote: remote, localFragment: home.credentials.usernameFragment, using: &generator)
        residences[key]?.home.probe = .init(check: check, endpoint: endpoint, purpose: purpose, sentAt: now)
        probed.insert(key)
        return check.datagram
    }

    /// What this peer is being asked.
    func question(to peer: Peer) -> PeerResidence.Probe.Purpose? { self[peer]?.probe?.purpose }

    /// Takes an answer to a check of ours; nil when it is none.
    mutating func receiveAnswer(_ datagram: [UInt8], from endpoint: Endpoint, at now: MonotonicTime) -> ProbeOutcome? {
        guard let peer = byEndpoint[endpoint], let probe = self[peer]?.probe, probe.endpoint == endpoint,
            probe.check.accepts(datagram)
        else { return nil }
        let key = ObjectIdentifier(peer)
        finishProbe(key)
        residences[key]?.home.hear(endpoint, at: now)
        let trip = probe.tries == 1 ? max(1, now.milliseconds(since: probe.sentAt)) : nil
        guard probe.purpose == .move else { return .answered(peer, roundTripMS: trip) }
        residences[key]?.home.select(endpoint)
        return .moved(peer, to: endpoint, roundTripMS: trip)
    }

    /// What is to be asked again, and who did not answer.
    mutating func advanceProbes(at now: MonotonicTime) -> [ProbeOutcome] {
        var outcomes: [ProbeOutcome] = []
        for key in Array(probed) {
            guard let (peer, home) = residences[key], var probe = home.probe else {
                probed.remove(key)
                continue
            }
            guard now.milliseconds(since: probe.sentAt) >= probe.patienceMS else { continue }
            guard probe.tries < probe.maximumTries else {
                finishProbe(key)
                if probe.purpose == .consent { outcomes.append(.gone(peer)) }
                continue
            }
            probe.tries += 1
            probe.sentAt = now
            residences[key]?.home.probe = probe
            outcomes.append(.again(probe.check.datagram, to: probe.endpoint))
        }
        return outcomes
    }

    private mutating func finishProbe(_ key: ObjectIdentifier) {
        residences[key]?.home.probe = nil
        probed.remove(key)
    }
}
