import DTLS
import ICE
import Logging
import Wire

/// One thread of the relay with one UDP port: it takes what comes, and forwards each uplink's packets to its viewers.
actor RelayWorker {
    /// A stream as the relay knows it.
    private struct Show {
        var uplink: RelayPeer
        var viewers: [RelayPeer] = []
        var rings: [UInt32: PacketRing] = [:]
        /// The SSRC of the picture, once a packet of it has come.
        var videoSSRC: UInt32?
        var lastKeyFrameRequest: Int64 = 0
        var wantsKeyFrame = false
    }

    private static let consentMilliseconds: Int64 = 30_000
    private static let keyFrameInterval: Int64 = 1_000
    private static let ringCapacity = 1_024
    private static let tickMilliseconds: Int32 = 50
    /// Datagrams taken before the loop looks at its jobs again.
    private static let batch = 256

    nonisolated let loop = PollLoop()
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private let socket: UDPSocket
    private let candidates: [SocketAddress]
    private let certificate: DTLSCertificate
    private let logger: Logger
    private let onUplinkEnd: @Sendable (StreamID) -> Void
    private var generator = SystemRandomNumberGenerator()
    private let responder = ICELiteResponder()
    private var shows: [StreamID: Show] = [:]
    private var peers: [RelaySessionID: RelayPeer] = [:]
    private var peersByFragment: [String: RelayPeer] = [:]
    private var peersByAddress: [SocketAddress: RelayPeer] = [:]
    private let ssrc = UInt32.random(in: 1...UInt32.max)

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

    // MARK: Control

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

    private func remove(_ peer: RelayPeer) {
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

    // MARK: Datagrams

    private func receiveDatagrams() {
        for _ in 0..<Self.batch {
            guard let (datagram, source) = socket.receive() else { return }
            // RFC 7983, section 7.
            switch datagram.first ?? 255 {
            case 0...3: receiveCheck(datagram, from: source)
            case 20...63: receiveHandshake(datagram, from: source)
            case 128...191: receiveMedia(datagram, from: source)
            default: break
            }
        }
    }

    private func receiveCheck(_ datagram: [UInt8], from source: SocketAddress) {
        switch responder.receive(datagram, from: source, password: { self.peersByFragment[$0]?.credentials.password }) {
        case .ignored: break
        case .refused(let reply): socket.send(reply, to: source)
        case .checked(let fragment, let nominates, let reply):
            guard let peer = peersByFragment[fragment] else { return }
            peer.lastHeard = PollLoop.milliseconds()
            if nominates || peer.address == nil { move(peer, to: source) }
            socket.send(reply, to: source)
        }
    }

    private func move(_ peer: RelayPeer, to address: SocketAddress) {
        guard peer.address != address else { return }
        if let former = peer.address { peersByAddress[former] = nil }
        peer.address = address
        peersByAddress[address] = peer
    }

    private func receiveHandshake(_ datagram: [UInt8], from source: SocketAddress) {
        guard let peer = peersByAddress[source] else { return }
        guard let transport = peer.transport else {
            peer.early = (datagram, source)  // its hello was faster than its answer
            return
        }
        do {
            let step = try transport.receive(datagram)
            for reply in step.datagrams { socket.send(reply, to: source) }
            guard let keys = step.keys else { return }
            peer.inbound = try SRTPSession(keys, .inbound)
            peer.outbound = try SRTPSession(keys, .outbound)
            logger.debug(
                "\(peer.role) connected", metadata: ["stream": "\(peer.stream)", "profile": "\(keys.profile)"])
            if peer.role == .viewer { requestKeyFrame(of: peer.stream) }
        } catch {
            logger.debug("a handshake failed: \(error)", metadata: ["stream": "\(peer.stream)"])
            remove(peer)
        }
    }

    private func receiveMedia(_ datagram: [UInt8], from source: SocketAddress) {
        guard let peer = peersByAddress[source], datagram.count >= 8 else { return }
        // RFC 5761, section 4: RTCP's packet types lie where RTP has no payload types.
        let isRTCP = (192...223).contains(datagram[1])
        guard let packet = peer.inbound?.unprotect(datagram, isRTCP: isRTCP) else { return }
        switch (peer.role, isRTCP) {
        case (.uplink, false): forward(packet, of: peer)
        case (.uplink, true): forwardReports(packet, of: peer)
        case (.viewer, true): receiveFeedback(packet, from: peer)
        case (.viewer, false): break
        }
    }

    // MARK: Forwarding

    private func forward(_ packet: [UInt8], of uplink: RelayPeer) {
        guard let header = RTPHeader(packet),
            let track = uplink.tracks.first(where: { $0.payloadType == header.payloadType }),
            shows[uplink.stream]?.uplink === uplink
        else { return }
        let missing = shows[uplink.stream]?.rings[header.ssrc, default: PacketRing(capacity: Self.ringCapacity)]
            .insert(packet, sequenceNumber: header.sequenceNumber)
        if track.kind == "video" {
            shows[uplink.stream]?.videoSSRC = header.ssrc
            if shows[uplink.stream]?.wantsKeyFrame == true { requestKeyFrame(of: uplink.stream) }
            if let missing, !missing.isEmpty {
                send(RTCPPacket.nack(sender: ssrc, media: header.ssrc, lost: missing), to: uplink)
            }
        }
        for viewer in shows[uplink.stream]?.viewers ?? [] { send(packet, kind: track.kind, to: viewer) }
    }

    private func send(_ packet: [UInt8], kind: String, to viewer: RelayPeer) {
        guard let address = viewer.address, let outbound = viewer.outbound,
            let payloadType = viewer.payloadType(of: kind)
        else { return }
        var packet = packet
        packet[1] = packet[1] & 0x80 | payloadType
        if let sealed = outbound.protect(packet, isRTCP: false) { socket.send(sealed, to: address) }
    }

    /// Sender reports go on as they are: the SSRCs and clocks are the uplink's own.
    private func forwardReports(_ packet: [UInt8], of uplink: RelayPeer) {
        let hasReport = RTCPPacket.parse(packet).contains { if case .senderReport = $0 { true } else { false } }
        guard hasReport else { return }
        for viewer in shows[uplink.stream]?.viewers ?? [] {
            guard let address = viewer.address, let sealed = viewer.outbound?.protect(packet, isRTCP: true) else {
                continue
            }
            socket.send(sealed, to: address)
        }
    }

    private func receiveFeedback(_ packet: [UInt8], from viewer: RelayPeer) {
        for each in RTCPPacket.parse(packet) {
            switch each {
            case .keyFrameRequest: requestKeyFrame(of: viewer.stream)
            case .nack(let media, let lost):
                guard let show = shows[viewer.stream], let ring = show.rings[media] else { continue }
                let kind = show.videoSSRC == media ? "video" : "audio"
                for packet in lost.compactMap(ring.packet) { send(packet, kind: kind, to: viewer) }
            case .senderReport, .other: break
            }
        }
    }

    /// At most one a second, however many ask.
    private func requestKeyFrame(of stream: StreamID) {
        guard let show = shows[stream] else { return }
        let now = PollLoop.milliseconds()
        guard let media = show.videoSSRC, now - show.lastKeyFrameRequest >= Self.keyFrameInterval else {
            shows[stream]?.wantsKeyFrame = true
            return
        }
        shows[stream]?.wantsKeyFrame = false
        shows[stream]?.lastKeyFrameRequest = now
        send(RTCPPacket.pictureLossIndication(sender: ssrc, media: media), to: show.uplink)
    }

    private func send(_ feedback: [UInt8], to uplink: RelayPeer) {
        let compound = RTCPPacket.emptyReceiverReport(sender: ssrc) + feedback
        guard let address = uplink.address, let sealed = uplink.outbound?.protect(compound, isRTCP: true) else {
            return
        }
        socket.send(sealed, to: address)
    }

    private func tick() {
        let now = PollLoop.milliseconds()
        for peer in peers.values {
            if now - peer.lastHeard > Self.consentMilliseconds {
                logger.debug("\(peer.role) is gone", metadata: ["stream": "\(peer.stream)"])
                remove(peer)
            } else if let address = peer.address {
                for datagram in peer.transport?.tick().datagrams ?? [] { socket.send(datagram, to: address) }
            }
        }
        for (stream, show) in shows where show.wantsKeyFrame { requestKeyFrame(of: stream) }
    }
}
