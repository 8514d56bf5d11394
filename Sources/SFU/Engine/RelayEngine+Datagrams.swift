import DTLS
import ICE
import SRTP
import Wire

/// What comes in, told apart by its first byte.
extension RelayEngine {
    private static let maximumEarlyFlights = 4

    func receive(_ datagram: UnsafeMutableRawBufferPointer, from endpoint: Endpoint, at now: MonotonicTime) {
        // RFC 7983, section 7.
        switch datagram.first {
        case .some(0...3): receiveCheck(Array(datagram), from: endpoint, at: now)
        case .some(20...63):
            guard let peer = peersByEndpoint[endpoint] else { return counters.strayDatagrams += 1 }
            receiveHandshake(Array(datagram), of: peer, from: endpoint)
        case .some(128...191): receiveMedia(datagram, from: endpoint, at: now)
        default: counters.strayDatagrams += 1
        }
    }

    private func receiveCheck(_ datagram: [UInt8], from endpoint: Endpoint, at now: MonotonicTime) {
        guard checks.allows(endpoint.address, at: now) else { return }
        let outcome = responder.receive(datagram, from: endpoint.address) { [self] in
            peersByFragment[$0]?.password(for: $0)
        }
        switch outcome {
        case .ignored: counters.strayDatagrams += 1
        case .refused(let reply): outlet.send(reply, to: endpoint)
        case .checked(let fragment, let nominates, let reply):
            guard let peer = peersByFragment[fragment] else { return }
            peer.lastHeard = now
            if let former = peer.settleRestart(usedFragment: fragment) { peersByFragment[former] = nil }
            if nominates || peer.endpoint == nil { move(peer, to: endpoint) }
            outlet.send(reply, to: endpoint)
        }
    }

    private func move(_ peer: RelayPeer, to endpoint: Endpoint) {
        guard peer.endpoint != endpoint else { return }
        if let former = peer.endpoint, peersByEndpoint[former] === peer { peersByEndpoint[former] = nil }
        peer.endpoint = endpoint
        outlet.trust(endpoint)
        peersByEndpoint[endpoint] = peer
        if let position = peer.position, let audience = audiences[peer.stream] {
            audience.downlinks.pointer(position).pointee.endpoint = endpoint
        }
    }

    func receiveHandshake(_ datagram: [UInt8], of peer: RelayPeer, from endpoint: Endpoint) {
        guard let fingerprints = peer.remoteFingerprints else {  // its hello was faster than its answer
            if peer.early.count < Self.maximumEarlyFlights { peer.early.append(datagram) }
            return
        }
        guard peer.transport != nil || peer.connectedSince == nil else { return }  // done, and no flight can be missing
        let transport = peer.transport ?? DTLSTransport(certificate: certificate, remoteFingerprints: fingerprints)
        peer.transport = transport
        outlet.advance(transport, with: datagram, for: peer.id)
    }

    /// What became of a datagram that was given to a handshake.
    func handshakeAdvanced(_ id: RelaySessionID, _ result: Result<DTLSTransport.Step, any Error>, at now: MonotonicTime)
    {
        guard let peer = peers[id] else { return }
        do {
            let step = try result.get()
            if let endpoint = peer.endpoint {
                for reply in step.datagrams { outlet.send(reply, to: endpoint) }
            }
            if let keys = step.keys { try connect(peer, keys, at: now) }
        } catch {
            counters.failedHandshakes += 1
            outlet.log("a handshake failed: \(error)", peer.stream)
            remove(peer)
        }
    }

    private func connect(_ peer: RelayPeer, _ keys: SRTPKeys, at now: MonotonicTime) throws {
        guard peer.connectedSince == nil, let audience = audiences[peer.stream], let endpoint = peer.endpoint else {
            return
        }
        peer.connectedSince = now
        peer.control = try SRTCPSession(keys)
        outlet.log("\(peer.role.rawValue) connected (\(keys.profile))", peer.stream)
        switch peer.role {
        case .uplink:
            peer.uplink = UplinkReceiver(
                try UplinkSession(keys), tracks: peer.tracks, sources: peer.announcedSources)
            timers.set(.feedback, now.advanced(byMilliseconds: Self.feedbackIntervalMS))
        case .viewer:
            func track(_ kind: MediaKind) -> DownlinkTrack {
                DownlinkTrack(peer.tracks.first { $0.kind == kind }, using: &generator)
            }
            peer.position = audience.downlinks.append(
                Downlink(
                    session: peer.id, endpoint: endpoint, sealer: try RTPSealer(keys, home: cipherHome),
                    video: track(.video), audio: track(.audio)))
            audience.hasCatchingUp = true
            timers.set(.catchUp, now)
        }
    }

    func releaseTransport(of peer: RelayPeer) {
        guard let transport = peer.transport else { return }
        peer.transport = nil
        outlet.release(transport)
    }

    private func receiveMedia(_ datagram: UnsafeMutableRawBufferPointer, from endpoint: Endpoint, at now: MonotonicTime)
    {
        guard let peer = peersByEndpoint[endpoint], datagram.count >= 8 else { return counters.strayDatagrams += 1 }
        // RFC 5761, section 4: RTCP's packet types lie where RTP has no payload types.
        let isRTCP = (192...223).contains(datagram[1])
        switch peer.role {
        case .uplink: receiveFromUplink(datagram, isRTCP: isRTCP, of: peer, at: now)
        case .viewer:
            guard isRTCP else { return peer.statistics.refused += 1 }
            receiveFromViewer(Array(datagram), of: peer, at: now)
        }
    }

    private func receiveFromUplink(
        _ datagram: UnsafeMutableRawBufferPointer, isRTCP: Bool, of peer: RelayPeer, at now: MonotonicTime
    ) {
        guard let uplink = peer.uplink, let show = shows[peer.stream], show.uplink === peer else { return }
        switch uplink.session.open(datagram, isRTCP: isRTCP) {
        case .opened(let bytes):
            releaseTransport(of: peer)  // it has our keys: its handshake is done, too
            let packet = UnsafeRawBufferPointer(rebasing: datagram[..<bytes])
            if isRTCP {
                receiveReports(packet, uplink, show, at: now)
            } else {
                receivePacket(packet, of: peer, uplink, show, at: now)
            }
        case .replayed: counters.replayedPackets += 1
        case .forged: counters.forgedPackets += 1
        case .malformed: counters.malformedPackets += 1
        }
    }

    private func receivePacket(
        _ packet: UnsafeRawBufferPointer, of peer: RelayPeer, _ uplink: UplinkReceiver, _ show: RelayShow,
        at now: MonotonicTime
    ) {
        let bytes = packet.octets.span
        guard let header = RTPHeader(bytes) else { return counters.malformedPackets += 1 }
        guard let kind = uplink.receive(header, bytes, at: now), let track = show.track(kind) else {
            return peer.statistics.refused += 1
        }
        counters.packetsIn += 1
        show.packetsIn += 1
        let payload = UnsafeRawBufferPointer(
            rebasing: packet[header.headerBytes..<header.headerBytes + header.payloadBytes])
        let isKnownSource = track.timestampOffset != nil
        defer { if !isKnownSource { shareClock(kind, of: show) } }
        switch track.receive(header, payload: payload, at: now) {
        case .next: break
        case .late(let index): shareLate(index, kind, of: show)
        case .dropped: return
        }
        if uplink.isMissingPackets { timers.set(.repair, now.advanced(byMilliseconds: Self.repairIntervalMS)) }
        guard !show.isDirty else { return }
        show.isDirty = true
        dirtyShows.append(show)
    }

    private func receiveReports(
        _ packet: UnsafeRawBufferPointer, _ uplink: UplinkReceiver, _ show: RelayShow, at now: MonotonicTime
    ) {
        for case .senderReport(let report, _) in RTCPPacket.parse(packet.octets.span) {
            if let kind = uplink.receive(report, at: now) { shareClock(kind, of: show) }
        }
    }

    private func receiveFromViewer(_ datagram: [UInt8], of peer: RelayPeer, at now: MonotonicTime) {
        do {
            guard let packet = try peer.control?.open(datagram, with: scratch) else { return }
            releaseTransport(of: peer)  // it has our keys: its handshake is done, too
            receiveFeedback(packet, of: peer, at: now)
        } catch {
            peer.statistics.refused += 1
            switch error {
            case .forged: counters.forgedPackets += 1
            case .replayed: counters.replayedPackets += 1
            case .malformed: counters.malformedPackets += 1
            }
        }
    }
}

extension UnsafeRawBufferPointer {
    /// The same memory, for those who parse it by its span.
    var octets: UnsafeBufferPointer<UInt8> { assumingMemoryBound(to: UInt8.self) }
}
