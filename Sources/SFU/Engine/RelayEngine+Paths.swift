import DTLS
import ICE
import SRTP
import Wire

/// How peers are reached: their checks and ours, and their handshakes.
extension RelayEngine {
    static let probeIntervalMS: Int64 = 50

    // MARK: Checks

    func receiveCheck(_ datagram: [UInt8], from endpoint: Endpoint, at now: MonotonicTime) {
        // Where nothing can be sent to, such as port 0 (RFC 768), nobody is.
        guard endpoint.address.isSendable else { return counters.strayDatagrams += 1 }
        if AddressCheck.isAnswer(datagram) { return receiveAnswer(datagram, from: endpoint, at: now) }
        guard checks.allows(endpoint.address, at: now) else { return }
        let outcome = responder.receive(datagram, from: endpoint.address) { [self] in directory.password(for: $0) }
        switch outcome {
        case .ignored: counters.strayDatagrams += 1
        case .refused(let reply): outlet.send(reply, to: endpoint)
        case .checked(let fragment, let nominates, let reply):
            receiveGoodCheck(fragment, nominates: nominates, reply, from: endpoint, at: now)
        }
    }

    private func receiveGoodCheck(
        _ fragment: String, nominates: Bool, _ reply: [UInt8], from endpoint: Endpoint, at now: MonotonicTime
    ) {
        // An encoder that begins anew may do so from the same port.
        let outcome = directory.receiveCheck(
            fragment, from: endpoint, nominates: nominates, at: now, using: &generator
        ) { $0.role == .uplink && $1.role == .uplink && $0.stream == $1.stream }
        switch outcome {
        case .refused: return counters.misplacedChecks += 1
        case .noted: outlet.send(reply, to: endpoint)
        case .reached(let peer):
            outlet.trust(endpoint)
            outlet.send(reply, to: endpoint)
            peer.reach()
            sayHello(to: peer)
        case .probe(let check):
            outlet.trust(endpoint)
            outlet.send(reply, to: endpoint)
            outlet.send(check, to: endpoint)
            timers.set(.probes, now.advanced(byMilliseconds: Self.probeIntervalMS))
        }
    }

    private func receiveAnswer(_ datagram: [UInt8], from endpoint: Endpoint, at now: MonotonicTime) {
        switch directory.receiveAnswer(datagram, from: endpoint, at: now) {
        case nil: counters.strayDatagrams += 1
        case .answered(let peer, let trip): note(trip, of: peer)
        case .moved(let peer, let endpoint, let trip):
            note(trip, of: peer)
            place(peer, at: endpoint)
        case .again, .gone: break
        }
    }

    private func note(_ roundTripMS: Int64?, of peer: RelayPeer) {
        if let roundTripMS { peer.receiver?.roundTripMS = roundTripMS }
    }

    private func place(_ peer: RelayPeer, at endpoint: Endpoint) {
        guard let seat = peer.seat, let audience = audiences[peer.stream] else { return }
        audience.downlinks.pointer(seat.position).pointee.endpoint = endpoint
    }

    /// Sends what has not been answered again, and lets go of who isn't there any more.
    func advanceProbes(at now: MonotonicTime) {
        for outcome in directory.advanceProbes(at: now) {
            switch outcome {
            case .again(let check, let endpoint): outlet.send(check, to: endpoint)
            case .gone(let peer):
                outlet.log("\(peer.role.rawValue) has left", peer.stream)
                remove(peer)
            case .answered, .moved: break
            }
        }
        if directory.isProbing { timers.set(.probes, now.advanced(byMilliseconds: Self.probeIntervalMS)) }
    }

    /// Something says that a peer has left. It is asked: who is there answers (RFC 7675). `isCertain`: the peer itself has
    /// said it, so that it goes where it can't be asked.
    func doubt(_ peer: RelayPeer, isCertain: Bool, at now: MonotonicTime) {
        guard directory.question(to: peer) != .consent else { return }
        if let endpoint = directory.endpoint(of: peer), probe(peer, at: endpoint, for: .consent, at: now) { return }
        if isCertain { remove(peer) }
    }

    /// How long an uplink's answers take.
    func measureRoundTrip(to uplink: RelayPeer, at now: MonotonicTime) {
        guard uplink.connection != nil, directory.question(to: uplink) == nil,
            let endpoint = directory.endpoint(of: uplink)
        else { return }
        _ = probe(uplink, at: endpoint, for: .roundTrip, at: now)
    }

    private func probe(
        _ peer: RelayPeer, at endpoint: Endpoint, for purpose: PeerResidence.Probe.Purpose, at now: MonotonicTime
    ) -> Bool {
        guard let check = directory.probe(peer, at: endpoint, for: purpose, at: now, using: &generator) else {
            return false
        }
        outlet.send(check, to: endpoint)
        timers.set(.probes, now.advanced(byMilliseconds: Self.probeIntervalMS))
        return true
    }

    // MARK: Handshakes

    /// Begins the handshake where it is the relay's turn.
    func sayHello(to peer: RelayPeer) {
        guard case .checked(let terms) = peer.phase, terms.role == .client, let transport = handshake(of: peer) else {
            return
        }
        outlet.advance(transport, with: nil, for: peer.id)
    }

    func receiveHandshake(_ datagram: [UInt8], of peer: RelayPeer, at now: MonotonicTime) {
        if peer.keepEarly(datagram) { return }  // its hello was faster than its answer
        if let connection = peer.connection, isSealedAlert(datagram) {
            return receiveAlert(datagram, of: peer, connection, at: now)
        }
        if let transport = handshake(of: peer) { outlet.advance(transport, with: datagram, for: peer.id) }
    }

    /// A peer that takes its leave has gone. Where it can't be told whether it is the peer's alert, the peer is asked.
    private func receiveAlert(
        _ datagram: [UInt8], of peer: RelayPeer, _ connection: PeerConnection, at now: MonotonicTime
    ) {
        guard let goodbye = connection.goodbye else { return doubt(peer, isCertain: false, at: now) }
        guard goodbye.hears(datagram) else { return counters.strayDatagrams += 1 }
        outlet.log("\(peer.role.rawValue) has left", peer.stream)
        remove(peer)
    }

    func handshake(of peer: RelayPeer) -> DTLSTransport? {
        peer.handshake { terms in
            DTLSTransport(certificate: certificate, remoteFingerprints: terms.fingerprints, role: terms.role)
        }
    }

    /// A record of type 21 behind the handshake, such as close_notify (RFC 6347, section 4.1).
    private func isSealedAlert(_ datagram: [UInt8]) -> Bool {
        datagram.count > 13 && datagram[0] == 21 && (datagram[3] != 0 || datagram[4] != 0)
    }

    /// What became of a datagram that was given to a handshake.
    func handshakeAdvanced(_ id: RelaySessionID, _ result: Result<DTLSTransport.Step, any Error>, at now: MonotonicTime)
    {
        guard let peer = peers[id] else { return }
        do {
            let step = try result.get()
            if let endpoint = directory.endpoint(of: peer) {
                for reply in step.datagrams { outlet.send(reply, to: endpoint) }
            }
            if let keys = step.keys { try connect(peer, keys, step.goodbye, at: now) }
            if step.closed { remove(peer) }
        } catch {
            // Why it is refused, so that nobody waits in vain (RFC 5246, section 7.2.2).
            if let refusal = error as? DTLSTransport.Refusal, let endpoint = directory.endpoint(of: peer) {
                for alert in refusal.datagrams { outlet.send(alert, to: endpoint) }
            }
            counters.failedHandshakes += 1
            outlet.log("a handshake failed: \(error)", peer.stream)
            remove(peer)
        }
    }

    private func connect(
        _ peer: RelayPeer, _ keys: SRTPKeys, _ goodbye: GoodbyeWatch?, at now: MonotonicTime
    ) throws {
        guard let audience = audiences[peer.stream], let endpoint = directory.endpoint(of: peer) else { return }
        let control = try SRTCPSession(keys)  // before there is a seat, which would be left
        try peer.connect { terms, transport in
            let work: PeerConnection.Work =
                switch peer.role {
                case .uplink:
                    .uplink(
                        UplinkReceiver(try UplinkSession(keys), tracks: terms.tracks, sources: terms.announcedSources))
                case .viewer: .viewer(try seat(peer, terms, keys, at: endpoint, in: audience))
                }
            return PeerConnection(since: now, control: control, goodbye: goodbye, work: work, lingering: transport)
        }
        outlet.log("\(peer.role.rawValue) connected (\(keys.profile))", peer.stream)
        switch peer.role {
        case .uplink:
            measureRoundTrip(to: peer, at: now)
            timers.set(.feedback, now.advanced(byMilliseconds: Self.feedbackIntervalMS))
        case .viewer:
            audience.hasCatchingUp = true
            timers.set(.catchUp, now)
        }
    }

    private func seat(
        _ peer: RelayPeer, _ terms: PeerTerms, _ keys: SRTPKeys, at endpoint: Endpoint, in audience: Audience
    ) throws -> ViewerSeat {
        func track(_ kind: MediaKind) -> DownlinkTrack {
            DownlinkTrack(terms.tracks.first { $0.kind == kind }, using: &generator)
        }
        return ViewerSeat(
            position: audience.downlinks.append(
                Downlink(
                    session: peer.id, endpoint: endpoint, sealer: try RTPSealer(keys, home: cipherHome),
                    video: track(.video), audio: track(.audio))))
    }
}
