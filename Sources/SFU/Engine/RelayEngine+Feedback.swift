import Congestion
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
                receiveKeyFrameRequest(of: viewer, audience, at: now)
            case .nack(let media, let lost): repair(lost, media, of: viewer, audience, at: now)
            case .receiverReport(_, let blocks), .senderReport(_, let blocks):
                for block in blocks { take(block, of: viewer, audience, at: now) }
            case .goodbye:
                outlet.log("viewer has left", viewer.stream)
                return remove(viewer)
            case .transportFeedback(let arrivals): take(arrivals, of: viewer, audience, at: now)
            case .maximumBitrate(let bits): bound(viewer, by: Double(bits), audience, at: now)
            case .other: break
            }
        }
        egress.flush()
    }

    private func repair(
        _ lost: [UInt16], _ media: UInt32, of viewer: RelayPeer, _ audience: Audience, at now: MonotonicTime
    ) {
        guard let feed = audience.feed(ofSource: media), let seat = viewer.seat else { return }
        viewer.statistics.nackedPackets += UInt64(lost.count)
        let trip = viewer.statistics.roundTripMS
        let most = audience.show.feed(.video).map { seat.link.mostRepairs($0.rates, at: now) } ?? Self.repairsPerSecond
        for sequence in lost where seat.repairsThisSecond < min(most, Self.repairsPerSecond) {
            if feed.kind == .video, seat.link.isPaced {
                seat.link.owe(sequence)
                continue
            }
            guard seat.link.repairs.take(sequence, feed.kind, roundTripMS: trip, at: now) else { continue }
            seat.repairsThisSecond += 1
            if repair(sequence, of: feed, for: seat, audience, at: now) { viewer.statistics.repairedPackets += 1 }
        }
    }

    /// What a weak viewer misses of the picture comes before what is new: nothing can be decoded without it.
    func payRepairs(
        of viewer: RelayPeer, _ feed: TrackFeed, _ seat: ViewerSeat, _ audience: Audience, at now: MonotonicTime
    ) {
        while seat.link.pacer.isOpen, let sequence = seat.link.nextOwed() {
            guard seat.link.repairs.take(sequence, .video, roundTripMS: viewer.statistics.roundTripMS, at: now) else {
                continue
            }
            if repair(sequence, of: feed, for: seat, audience, at: now) { viewer.statistics.repairedPackets += 1 }
        }
    }

    private func repair(
        _ sequence: UInt16, of feed: TrackFeed, for seat: ViewerSeat, _ audience: Audience, at now: MonotonicTime
    ) -> Bool {
        let downlink = audience.downlinks.pointer(seat.position)
        guard let number = downlink.pointee.tracks[feed.kind.number].fullNumber(sequence),
            let (index, edit) = locate(number, of: feed, for: seat, downlink)
        else { return false }
        let bytes = egress.repair(number, at: index, edit, of: feed, to: downlink, now: now)
        if seat.link.isPaced { seat.link.pacer.spend(bytes) }
        return bytes > 0
    }

    /// The packet that a viewer was sent as this number, and what was changed in it.
    private func locate(
        _ number: UInt64, of feed: TrackFeed, for seat: ViewerSeat, _ downlink: UnsafeMutablePointer<Downlink>
    ) -> (index: UInt64, edit: PictureEdit)? {
        guard feed.kind == .video, seat.link.isPaced, let place = seat.link.thinning.locate(number) else {
            return downlink.pointee.tracks[feed.kind.number].index(of: number).map { ($0, .none) }
        }
        let packet = feed.ring.packet(place.index)
        return (place.index, PictureEdit(packet.flatMap { VP8Descriptor($0.payload.octets.span) }, shift: place.shift))
    }

    /// Each viewer has so many, and none while its link couldn't carry one.
    private func receiveKeyFrameRequest(of viewer: RelayPeer, _ audience: Audience, at now: MonotonicTime) {
        guard let seat = viewer.seat else { return }
        if case .soundOnly = seat.link.course { return }
        guard seat.link.keyFrames.take(at: now) else { return }
        if seat.link.course == .paced { restartPicture(at: seat, audience) }
        wantKeyFrame(audience, at: now)
    }

    private func take(_ block: ReportBlock, of viewer: RelayPeer, _ audience: Audience, at now: MonotonicTime) {
        guard let kind = audience.feed(ofSource: block.ssrc)?.kind else { return }
        if kind == .video || audience.show.feed(.video) == nil { viewer.statistics.fractionLost = block.fractionLost }
        defer { if kind == .video { noteLoss(block, of: viewer, audience, at: now) } }
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
            now.milliseconds(since: key.arrival) < KeyFrameRequests.intervalMS
        {
            return
        }
        wantKeyFrame(audience, at: now)
    }

    /// Asks for one here or where the uplink is.
    func wantKeyFrame(_ audience: Audience, at now: MonotonicTime) {
        if let show = shows[audience.stream] {
            wantKeyFrame(show, at: now)
        } else if audience.mayAskForKeyFrame(at: now) {
            outlet.tell(.keyFrameWanted(audience.stream))
        }
    }

    func wantKeyFrame(_ show: RelayShow, at now: MonotonicTime) {
        show.keyFrames.want(at: now)
        requestKeyFrame(show, at: now)
    }

    /// Asks the uplink, when it is time to.
    func requestKeyFrame(_ show: RelayShow, at now: MonotonicTime) {
        if let key = show.video?.feed.keyFrame { show.keyFrames.noteKeyFrame(at: key.arrival) }
        guard let receiver = show.uplink.receiver, let media = receiver.track(.video)?.ssrc,
            let due = show.keyFrames.due(roundTripMS: receiver.roundTripMS)
        else { return }
        guard due <= now else { return timers.set(.keyFrame, due) }
        show.keyFrames.didRequest(at: now)
        receiver.didRequestKeyFrame()
        show.uplink.statistics.keyFrameRequests += 1
        var compound = RTCPCompound()
        if receiver.track(.video)?.negotiated.takesReducedSize != true { compound.receiverReport(sender: ssrc) }
        compound.pictureLossIndication(sender: ssrc, media: media)
        send(compound, to: show.uplink)
        if let again = show.keyFrames.due(roundTripMS: receiver.roundTripMS) { timers.set(.keyFrame, again) }
    }

    // MARK: Reports

    /// Tells an uplink what is missing, as far as it is due.
    func requestRepairs(_ show: RelayShow, at now: MonotonicTime) {
        guard let uplink = show.uplink.receiver else { return }
        if let request = uplink.repairRequest(sender: ssrc, at: now) { send(request, to: show.uplink) }
        if uplink.needsKeyFrame { wantKeyFrame(show, at: now) }
        if uplink.isMissingPackets { timers.set(.repair, now.advanced(byMilliseconds: Self.repairIntervalMS)) }
    }

    func sendTransportFeedback(_ show: RelayShow) {
        for report in show.uplink.receiver?.transportReports(sender: ssrc) ?? [] {
            var compound = RTCPCompound()  // reduced size (RFC 5506): it comes twenty times a second
            compound.append(report)
            send(compound, to: show.uplink)
        }
    }

    func sendReceiverReport(_ show: RelayShow, at now: MonotonicTime) {
        guard let uplink = show.uplink.receiver else { return }
        send(uplink.report(sender: ssrc, at: now), to: show.uplink)
    }

    /// The uplink's clocks, and what this viewer has been sent (RFC 3550, section 6.4.1).
    func sendSenderReports(_ audience: Audience, to position: Int, at now: MonotonicTime) {
        let downlink = audience.downlinks.pointer(position)
        guard let viewer = peers[downlink.pointee.session] else { return }
        viewer.seat?.repairsThisSecond = 0
        var compound = RTCPCompound()
        for track in audience.show.tracks {
            let kind = track.feed.kind
            let sent = downlink.pointee.tracks[kind.number]
            guard sent.packetsSent > 0, let reading = audience.clocks[kind.number]?.reading(at: now, kind: kind) else {
                continue
            }
            compound.senderReport(
                SenderReport(
                    ssrc: track.feed.sources.media, ntp: reading.ntp, rtp: reading.rtp,
                    packets: UInt32(truncatingIfNeeded: sent.packetsSent),
                    payloadBytes: UInt32(truncatingIfNeeded: sent.payloadBytesSent)))
            compound.canonicalName(RelayName.canonical, of: track.feed.sources.media)
        }
        if !compound.bytes.isEmpty { send(compound, to: viewer) }
    }

    private func send(_ compound: RTCPCompound, to peer: RelayPeer) {
        guard let endpoint = directory.endpoint(of: peer),
            let sealed = peer.connection?.control.seal(compound.bytes, with: scratch)
        else { return }
        outlet.send(sealed, to: endpoint)
    }
}
