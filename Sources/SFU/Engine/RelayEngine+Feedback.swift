import Net
import SRTP
import Wire

/// What is said about the media, in both directions.
extension RelayEngine {
    /// A viewer can make the relay send this many packets again in a second.
    private static let repairsPerSecond = 500

    func receiveFeedback(_ packet: [UInt8], of viewer: RelayPeer, at now: MonotonicTime) {
        guard let audience = audiences[viewer.stream] else { return }
        for each in RTCPPacket.parse(packet) {
            switch each {
            case .keyFrameRequest:
                viewer.statistics.keyFrameRequests += 1
                wantKeyFrame(audience, at: now)
            case .nack(let media, let lost): repair(lost, media, of: viewer, audience)
            case .receiverReport(_, let blocks), .senderReport(_, let blocks):
                for block in blocks { take(block, of: viewer, audience, at: now) }
            case .goodbye, .other: break
            }
        }
        egress.flush()
    }

    private func repair(_ lost: [UInt16], _ media: UInt32, of viewer: RelayPeer, _ audience: Audience) {
        guard let feed = audience.feed(ofSource: media), let position = viewer.position else { return }
        viewer.statistics.nackedPackets += UInt64(lost.count)
        for sequence in lost where viewer.repairsThisSecond < Self.repairsPerSecond {
            viewer.repairsThisSecond += 1
            if egress.repair(sequence, of: feed, to: audience.downlinks.pointer(position)) {
                viewer.statistics.repairedPackets += 1
            }
        }
    }

    private func take(_ block: ReportBlock, of viewer: RelayPeer, _ audience: Audience, at now: MonotonicTime) {
        guard let kind = audience.feed(ofSource: block.ssrc)?.kind else { return }
        if kind == .video || audience.show.feed(.video) == nil { viewer.statistics.fractionLost = block.fractionLost }
        guard block.lastReport != 0, let reading = audience.clocks[kind.number]?.reading(at: now, kind: kind) else {
            return
        }
        let trip = UInt32(truncatingIfNeeded: reading.ntp >> 16) &- block.lastReport &- block.delay
        if trip < 60 << 16 { viewer.statistics.roundTripMS = Double(trip) * 1_000 / 65_536 }
    }

    // MARK: Key frames

    /// A viewer is on its way: its first picture should be there when it is.
    func prepareKeyFrame(_ audience: Audience, at now: MonotonicTime) {
        if let key = audience.show.feed(.video)?.keyFrame,
            now.milliseconds(since: key.arrival) < RelayShow.keyFrameIntervalMS
        {
            return
        }
        wantKeyFrame(audience, at: now)
    }

    /// Asks for one here or where the uplink is.
    private func wantKeyFrame(_ audience: Audience, at now: MonotonicTime) {
        if let show = shows[audience.stream] {
            requestKeyFrame(show, at: now)
        } else if audience.mayAskForKeyFrame(at: now) {
            outlet.tell(.keyFrameWanted(audience.stream))
        }
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
    func sendSenderReports(_ audience: Audience, to position: Int, at now: MonotonicTime) {
        let downlink = audience.downlinks.pointer(position)
        guard let viewer = peers[downlink.pointee.session] else { return }
        viewer.repairsThisSecond = 0
        var compound = RTCPCompound()
        for track in audience.show.tracks {
            let kind = track.feed.kind
            let sent = downlink.pointee.tracks[kind.number]
            guard sent.packetsSent > 0, let reading = audience.clocks[kind.number]?.reading(at: now, kind: kind) else {
                continue
            }
            compound.senderReport(
                SenderReport(
                    ssrc: track.feed.sources.media, ntp: reading.ntp, rtp: reading.rtp, packets: sent.packetsSent,
                    payloadBytes: sent.payloadBytesSent))
            compound.canonicalName(RelayName.canonical, of: track.feed.sources.media)
        }
        if !compound.bytes.isEmpty { send(compound, to: viewer) }
    }

    private func send(_ compound: RTCPCompound, to peer: RelayPeer) {
        guard let endpoint = peer.endpoint, let sealed = peer.control?.seal(compound.bytes, with: scratch) else {
            return
        }
        outlet.send(sealed, to: endpoint)
    }
}
