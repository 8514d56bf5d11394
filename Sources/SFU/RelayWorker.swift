import DTLS
import ICE
import Logging
import Wire

/// One thread of the relay with one UDP port: it takes what comes, and forwards each uplink's packets to its viewers.
actor RelayWorker {
    /// A stream as the relay knows it.
    struct Show {
        var uplink: RelayPeer
        var viewers: [RelayPeer] = []
        var rings: [UInt32: PacketRing] = [:]
        /// The SSRC of the picture, once a packet of it has come.
        var videoSSRC: UInt32?
        var lastKeyFrameRequest: Int64 = 0
        var wantsKeyFrame = false
    }

    /// More would be memory for whoever asks.
    private static let maximumPeers = 10_000
    private static let tickMilliseconds: Int32 = 50

    nonisolated let loop = PollLoop()
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    let socket: UDPSocket
    private let candidates: [SocketAddress]
    private let certificate: DTLSCertificate
    let logger: Logger
    private let onUplinkEnd: @Sendable (StreamID) -> Void
    private var generator = SystemRandomNumberGenerator()
    let responder = ICELiteResponder()
    var shows: [StreamID: Show] = [:]
    var peers: [RelaySessionID: RelayPeer] = [:]
    var peersByFragment: [String: RelayPeer] = [:]
    var peersByAddress: [SocketAddress: RelayPeer] = [:]
    let ssrc = UInt32.random(in: 1...UInt32.max)

    /// `onUplinkEnd` is told of streams whose uplink has gone.
    init(
        configuration: RelayConfiguration, certificate: DTLSCertificate, logger: Logger,
        onUplinkEnd: @escaping @Sendable (StreamID) -> Void
    ) throws {
        socket = try UDPSocket(binding: configuration.bindAddress)
        candidates = configuration.candidates(port: socket.address.port)
        self.onUplinkEnd = onUplinkEnd
        self.certificate = certificate
        self.logger = logger
    }

    nonisolated func start() {
        loop.start(
            socket: socket.descriptor, interval: Self.tickMilliseconds,
            onReadable: { self.assumeIsolated { $0.receiveDatagrams() } },
            onTick: { self.assumeIsolated { $0.tick() } })
    }

    /// Takes an uplink, in place of the one before it. Its session, and the answer to its offer.
    func publish(_ stream: StreamID, offer: String) throws -> (RelaySessionID, answer: String) {
        let negotiation = try Negotiation(offer: offer)
        let (peer, answer) = try admit(negotiation, to: stream, as: .uplink, direction: "recvonly")
        let viewers = shows[stream]?.viewers ?? []
        if let former = shows[stream]?.uplink { forget(former) }
        shows[stream] = Show(uplink: peer, viewers: viewers)
        return (peer.id, answer)
    }

    func play(_ stream: StreamID, offer: String) throws -> (RelaySessionID, answer: String) {
        guard let show = shows[stream] else { throw RelayError.noUplink }
        let codecs = Dictionary(uniqueKeysWithValues: show.uplink.tracks.map { ($0.kind, $0.codec) })
        let negotiation = try Negotiation(offer: offer, wanted: codecs)
        let (peer, answer) = try admit(negotiation, to: stream, as: .viewer, direction: "sendonly")
        shows[stream]?.viewers.append(peer)
        return (peer.id, answer)
    }

    /// Takes a viewer before it has said anything: the relay offers what the uplink sends.
    func invite(_ stream: StreamID) throws -> (RelaySessionID, offer: String) {
        guard let show = shows[stream] else { throw RelayError.noUplink }
        try checkRoom()
        let peer = RelayPeer(
            id: .random(), stream: stream, role: .viewer, tracks: show.uplink.tracks,
            credentials: .random(using: &generator), transport: nil, now: PollLoop.milliseconds())
        register(peer)
        shows[stream]?.viewers.append(peer)
        let offer = Negotiation.offer(
            peer.tracks, credentials: peer.credentials, fingerprint: certificate.fingerprint, candidates: candidates,
            sessionID: .random(in: 1...UInt64(Int64.max)))
        return (peer.id, offer)
    }

    /// Takes the answer of a viewer that was invited.
    func accept(_ id: RelaySessionID, answer: String) throws {
        guard let peer = peers[id], peer.transport == nil else { return }
        guard let fingerprint = Negotiation.fingerprint(inAnswer: answer) else {
            throw RelayError.invalidOffer(reason: "The answer has no SHA-256 fingerprint.")
        }
        peer.transport = try DTLSTransport(certificate: certificate, remoteFingerprint: fingerprint)
        if let (datagram, source) = peer.early { receiveHandshake(datagram, from: source) }
        peer.early = nil
    }

    private func checkRoom() throws {
        guard peers.count < Self.maximumPeers else { throw RelayError.unavailable(reason: "too many peers") }
    }

    private func register(_ peer: RelayPeer) {
        peers[peer.id] = peer
        peersByFragment[peer.credentials.usernameFragment] = peer
    }

    /// False when there is no such session.
    func end(_ id: RelaySessionID) -> Bool {
        guard let peer = peers[id] else { return false }
        remove(peer)
        return true
    }

    private func admit(
        _ negotiation: Negotiation, to stream: StreamID, as role: RelayPeer.Role, direction: String
    ) throws -> (RelayPeer, String) {
        try checkRoom()
        let credentials = ICECredentials.random(using: &generator)
        let peer = RelayPeer(
            id: .random(), stream: stream, role: role, tracks: negotiation.tracks, credentials: credentials,
            transport: try DTLSTransport(certificate: certificate, remoteFingerprint: negotiation.fingerprint),
            now: PollLoop.milliseconds())
        register(peer)
        let answer = negotiation.answer(
            credentials: credentials, fingerprint: certificate.fingerprint, candidates: candidates,
            direction: direction, sessionID: .random(in: 1...UInt64(Int64.max)))
        return (peer, answer)
    }

    func remove(_ peer: RelayPeer) {
        forget(peer)
        switch peer.role {
        case .uplink:
            guard shows[peer.stream]?.uplink === peer else { return }
            for viewer in shows.removeValue(forKey: peer.stream)?.viewers ?? [] { forget(viewer) }
            onUplinkEnd(peer.stream)
        case .viewer: shows[peer.stream]?.viewers.removeAll { $0 === peer }
        }
    }

    private func forget(_ peer: RelayPeer) {
        peers[peer.id] = nil
        peersByFragment[peer.credentials.usernameFragment] = nil
        if let address = peer.address, peersByAddress[address] === peer { peersByAddress[address] = nil }
    }
}
