import Net
import SRTP
import Wire

/// What is said about the media, in both directions.
extension RelayEngine {
    /// A viewer can make the relay send this many packets again in a second.
    private static let repairsPerSecond = 500

    func receiveFeedback(_ packet: [UInt8], of viewer: RelayPeer, at now: MonotonicTime) {
        guard let show = shows[viewer.stream] else { return }
        for each in RTCPPacket.parse(packet) {
            switch each {
            case .keyFrameRequest:
                viewer.statistics.keyFrameRequests += 1
                requestKeyFrame(show, at: now)
            case .nack(let media, let lost): repair(lost, media, of: viewer, show)
            case .receiverReport(_, let blocks), .senderReport(_, let blocks):
                for block in blocks { take(block, of: viewer, show, at: now) }
            case .goodbye, .other: break
            }
        }
        sendBatch()
    }

    private func repair(_ lost: [UInt16], _ media: UInt32, of viewer: RelayPeer, _ show: RelayShow) {
        guard let track = show.tracks.first(where: { $0.sources.media == media }), let position = viewer.position else {
            return
        }
        viewer.statistics.nackedPackets += UInt64(lost.count)
        for sequence in lost where viewer.repairsThisSecond < Self.repairsPerSecond {
            viewer.repairsThisSecond += 1
            if repair(sequence, of: track, to: show.downlinks.pointer(position)) {
                viewer.statistics.repairedPackets += 1
            }
        }
    }

    private func take(_ block: ReportBlock, of viewer: RelayPeer, _ show: RelayShow, at now: MonotonicTime) {
        guard let track = show.tracks.first(where: { $0.sources.media == block.ssrc }) else { return }
        if track.kind == .video || show.video == nil { viewer.statistics.fractionLost = block.fractionLost }
        guard block.lastReport != 0, let clock = show.uplink.uplink?.track(track.kind)?.clock,
            let reading = clock.reading(at: now, clockRate: track.codec.clockRate)
        else { return }
        let trip = UInt32(truncatingIfNeeded: reading.ntp >> 16) &- block.lastReport &- block.delay
        if trip < 60 << 16 { viewer.statistics.roundTripMS = Double(trip) * 1_000 / 65_536 }
    }

    // MARK: Key frames

    /// A viewer is on its way: its first picture should be there when it is.
    func prepareKeyFrame(_ show: RelayShow, at now: MonotonicTime) {
        if let key = show.video?.keyFrame, now.milliseconds(since: key.arrival) < RelayShow.keyFrameIntervalMS {
            return
        }
        requestKeyFrame(show, at: now)
    }

    /// At most one a second, however many ask.
    func requestKeyFrame(_ show: RelayShow, at now: MonotonicTime) {
        guard let media = show.uplink.uplink?.track(.video)?.ssrc else { return show.wantsKeyFrame = true }
        if let last = show.lastKeyFrameRequest, now.milliseconds(since: last) < RelayShow.keyFrameIntervalMS {
            show.wantsKeyFrame = true
            return timers.set(.keyFrame, last.advanced(byMilliseconds: RelayShow.keyFrameIntervalMS))
        }
        show.wantsKeyFrame = false
        show.lastKeyFrameRequest = now
        show.uplink.uplink?.didRequestKeyFrame()
        show.uplink.statistics.keyFrameRequests += 1
        var compound = RTCPCompound()
        compound.receiverReport(sender: ssrc)
        compound.pictureLossIndication(sender: ssrc, media: media)
        send(compound, to: show.uplink)
    }

    // MARK: Reports

    /// Tells an uplink what is missing, as far as it is due.
    func requestRepairs(_ show: RelayShow, at now: MonotonicTime) {
        guard let uplink = show.uplink.uplink else { return }
        if let request = uplink.repairRequest(sender: ssrc, at: now) { send(request, to: show.uplink) }
        if uplink.needsKeyFrame { requestKeyFrame(show, at: now) }
        if uplink.isMissingPackets { timers.set(.repair, now.advanced(byMilliseconds: Self.repairIntervalMS)) }
    }

    func sendTransportFeedback(_ show: RelayShow) {
        for report in show.uplink.uplink?.transportReports(sender: ssrc) ?? [] {
            var compound = RTCPCompound()  // reduced size (RFC 5506): it comes twenty times a second
            compound.append(report)
            send(compound, to: show.uplink)
        }
    }

    func sendReceiverReport(_ show: RelayShow, at now: MonotonicTime) {
        guard let uplink = show.uplink.uplink else { return }
        send(uplink.report(sender: ssrc, at: now), to: show.uplink)
    }

    /// The uplink's clocks, and what this viewer has been sent (RFC 3550, section 6.4.1).
    func sendSenderReports(_ show: RelayShow, to position: Int, at now: MonotonicTime) {
        let downlink = show.downlinks.pointer(position)
        guard let viewer = peers[downlink.pointee.session] else { return }
        viewer.repairsThisSecond = 0
        var compound = RTCPCompound()
        for track in show.tracks {
            let sent = downlink.pointee.tracks[track.kind.number]
            guard sent.packetsSent > 0, let clock = show.uplink.uplink?.track(track.kind)?.clock,
                let reading = clock.reading(at: now, clockRate: track.codec.clockRate),
                let rtp = track.showTimestamp(ofUplink: reading.rtp)
            else { continue }
            compound.senderReport(
                SenderReport(
                    ssrc: track.sources.media, ntp: reading.ntp, rtp: rtp, packets: sent.packetsSent,
                    payloadBytes: sent.payloadBytesSent))
            compound.canonicalName(RelayName.canonical, of: track.sources.media)
        }
        if !compound.bytes.isEmpty { send(compound, to: viewer) }
    }

    private func send(_ compound: RTCPCompound, to peer: RelayPeer) {
        guard let endpoint = peer.endpoint, let sealed = peer.control?.seal(compound.bytes, with: scratch) else { return }
        outlet.send(sealed, to: endpoint)
    }
}
