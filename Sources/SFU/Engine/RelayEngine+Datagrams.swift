import DTLS
import ICE
import SRTP
import Wire

/// What comes in, told apart by its first byte.
extension RelayEngine {
    func receive(_ datagram: UnsafeMutableRawBufferPointer, from endpoint: Endpoint, at now: MonotonicTime) {
        // RFC 7983, section 7.
        switch datagram.first {
        case .some(0...3): receiveCheck(Array(datagram), from: endpoint, at: now)
        case .some(20...63):
            guard let peer = directory.peer(at: endpoint) else { return counters.strayDatagrams += 1 }
            receiveHandshake(Array(datagram), of: peer, at: now)
        case .some(128...191): receiveMedia(datagram, from: endpoint, at: now)
        default: counters.strayDatagrams += 1
        }
    }

    // MARK: Media

    private func receiveMedia(_ datagram: UnsafeMutableRawBufferPointer, from endpoint: Endpoint, at now: MonotonicTime)
    {
        guard let peer = directory.peer(at: endpoint), datagram.count >= 8 else {
            return counters.strayDatagrams += 1
        }
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
        guard let receiver = peer.receiver, let show = shows[peer.stream] else { return }
        switch receiver.session.open(datagram, isRTCP: isRTCP) {
        case .opened(let bytes):
            settle(peer)
            let packet = UnsafeRawBufferPointer(rebasing: datagram[..<bytes])
            if isRTCP {
                receiveReports(packet, of: peer, receiver, show, at: now)
            } else {
                receivePacket(packet, of: peer, receiver, show, at: now)
            }
        case .replayed: counters.replayedPackets += 1
        case .forged: counters.forgedPackets += 1
        case .malformed: counters.malformedPackets += 1
        }
    }

    private func receivePacket(
        _ packet: UnsafeRawBufferPointer, of peer: RelayPeer, _ receiver: UplinkReceiver, _ show: RelayShow,
        at now: MonotonicTime
    ) {
        let bytes = packet.octets.span
        guard let header = RTPHeader(bytes) else { return counters.malformedPackets += 1 }
        switch receiver.receive(header, bytes, at: now) {
        case .media(let kind, let header):
            guard isShown(peer, receiver, show, at: now), let track = show.track(kind) else { return }
            let payload = packet[header.headerBytes..<header.headerBytes + header.payloadBytes]
            forward(header, UnsafeRawBufferPointer(rebasing: payload), to: track, of: show, receiver, at: now)
        case .begun(let kind, let held):
            guard isShown(peer, receiver, show, at: now) else { return }
            begin(kind, held, packet, of: peer, receiver, show, at: now)
        case .nothing: break
        case .unknown:
            peer.statistics.refused += 1
            counters.unknownPackets += 1
            if peer.statistics.refused == 1 {
                outlet.log("the uplink sends what was not negotiated: type \(header.payloadType)", peer.stream)
            }
        }
    }

    /// Whether this uplink's media are the show's. Its first packet makes it the one that is shown.
    private func isShown(
        _ peer: RelayPeer, _ receiver: UplinkReceiver, _ show: RelayShow, at now: MonotonicTime
    ) -> Bool {
        if show.publishers.isShowing(peer) { return true }
        let (former, isShown) = show.receiveMedia(of: peer, receiver.tracks.map(\.negotiated), using: &generator)
        if isShown { outlet.report(.shown(show.stream, peer.id)) }
        guard let former else { return isShown }
        outlet.log("another uplink has taken over", peer.stream)
        forget(former)
        announce(show)
        show.keyFrames.want(at: now)
        return isShown
    }

    /// A track's source has begun, for the first time or in another's place.
    private func begin(
        _ kind: MediaKind, _ held: [[UInt8]], _ packet: UnsafeRawBufferPointer, of peer: RelayPeer,
        _ receiver: UplinkReceiver, _ show: RelayShow, at now: MonotonicTime
    ) {
        if let track = show.track(kind), track.timestampOffset != nil {
            track.changeSource(codec: track.codec)
            if kind == .video { show.keyFrames.want(at: now) }
            if receiver.sourceChanges == 1 {
                outlet.log("the uplink's \(kind.rawValue) has another source", peer.stream)
            }
        }
        for each in held {
            each.withUnsafeBytes { receivePacket($0, of: peer, receiver, show, at: now) }
        }
        receivePacket(packet, of: peer, receiver, show, at: now)
    }

    private func forward(
        _ header: RTPHeader, _ payload: UnsafeRawBufferPointer, to track: MediaTrack, of show: RelayShow,
        _ receiver: UplinkReceiver, at now: MonotonicTime
    ) {
        counters.packetsIn += 1
        show.packetsIn += 1
        let isKnownSource = track.timestampOffset != nil
        defer { if !isKnownSource { shareClock(track.kind, of: show) } }
        switch track.receive(header, payload: payload, at: now) {
        case .next: break
        case .late(let index): shareLate(index, track.kind, of: show)
        case .dropped: return
        case .tooLarge: return refuseOversized(payload.count, show)
        }
        if receiver.isMissingPackets { timers.set(.repair, now.advanced(byMilliseconds: Self.repairIntervalMS)) }
        guard !show.isDirty else { return }
        show.isDirty = true
        dirtyShows.append(show)
    }

    private func refuseOversized(_ bytes: Int, _ show: RelayShow) {
        counters.oversizedPackets += 1
        show.oversizedPackets += 1
        guard show.oversizedPackets == 1 else { return }
        outlet.log(
            "the encoder's packets of \(bytes) bytes fit no viewer's datagram: have it make them of 1,200", show.stream)
    }

    private func receiveReports(
        _ packet: UnsafeRawBufferPointer, of peer: RelayPeer, _ receiver: UplinkReceiver, _ show: RelayShow,
        at now: MonotonicTime
    ) {
        for each in RTCPPacket.parse(packet.octets.span) {
            switch each {
            case .senderReport(let report, _):
                if let kind = receiver.receive(report, at: now), show.uplink === peer { shareClock(kind, of: show) }
            case .goodbye(let sources):
                // A browser says this of what it only pauses, too: so it is asked whether it is there.
                if receiver.receiveGoodbye(of: sources) { doubt(peer, isCertain: true, at: now) }
            default: break
            }
        }
    }

    private func receiveFromViewer(_ datagram: [UInt8], of peer: RelayPeer, at now: MonotonicTime) {
        do {
            guard let packet = try peer.connection?.control.open(datagram, with: scratch) else { return }
            settle(peer)
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

    /// It has our keys: its handshake is done, too.
    private func settle(_ peer: RelayPeer) {
        if let rest = peer.connection?.settle() { outlet.release(rest) }
    }
}

extension UnsafeRawBufferPointer {
    /// The same memory, for those who parse it by its span.
    var octets: UnsafeBufferPointer<UInt8> { assumingMemoryBound(to: UInt8.self) }
}
