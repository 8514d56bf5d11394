import DTLS
import ICE
import Logging
import Wire

/// What comes in, told apart by its first byte.
extension RelayWorker {
    /// Datagrams taken before the loop looks at its jobs again.
    private static let batch = 256

    func receiveDatagrams() {
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

    func receiveHandshake(_ datagram: [UInt8], from source: SocketAddress) {
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
}
