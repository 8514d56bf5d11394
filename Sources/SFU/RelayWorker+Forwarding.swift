import DTLS
import Logging
import Wire

/// From the uplink to its viewers, and what they say back.
extension RelayWorker {
    private static let ringCapacity = 1_024
    private static let keyFrameInterval: Int64 = 1_000
    private static let consentMilliseconds: Int64 = 30_000

    func forward(_ packet: [UInt8], of uplink: RelayPeer) {
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
    func forwardReports(_ packet: [UInt8], of uplink: RelayPeer) {
        let hasReport = RTCPPacket.parse(packet).contains { if case .senderReport = $0 { true } else { false } }
        guard hasReport else { return }
        for viewer in shows[uplink.stream]?.viewers ?? [] {
            guard let address = viewer.address, let sealed = viewer.outbound?.protect(packet, isRTCP: true) else {
                continue
            }
            socket.send(sealed, to: address)
        }
    }

    func receiveFeedback(_ packet: [UInt8], from viewer: RelayPeer) {
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
    func requestKeyFrame(of stream: StreamID) {
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

    func tick() {
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
