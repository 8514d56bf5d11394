import Congestion
import Wire

/// What viewers' links carry, and who is served within that.
extension RelayEngine {
    private static let paceIntervalMS: Int64 = 5
    /// A weak viewer's packets leave faster than its rate, so that a frame isn't stretched over the time until the next.
    private static let paceFactor = 1.25
    private static let usualRoundTripMS = 100.0
    /// So far behind, in the picture's own time, a weak viewer may be: with the lowest layer from the first on, and no
    /// more beyond the second; longer while a key frame is on its way.
    private static let (thinBehindMS, lostBehindMS, beginningMS): (Int64, Int64, Int64) = (250, 1_000, 3_000)
    private static let behindMS: Int64 = 100

    func take(_ arrivals: TransportArrivals, of viewer: RelayPeer, _ audience: Audience, at now: MonotonicTime) {
        guard let seat = viewer.seat else { return }
        let before = seat.link.estimate.rate
        seat.link.estimate.receive(
            arrivals, of: audience.downlinks.pointer(seat.position).pointee.history,
            roundTripMS: viewer.statistics.roundTripMS ?? Self.usualRoundTripMS, at: now)
        if let found = seat.link.estimate.lastProbe {
            seat.link.probes.receive(number: found.number, rate: found.rate)
        }
        if let before, let after = seat.link.estimate.rate, after < 0.9 * before { seat.link.probes.noteFall(at: now) }
        weigh(viewer, seat, audience, at: now)
    }

    func bound(_ viewer: RelayPeer, by rate: Double, _ audience: Audience, at now: MonotonicTime) {
        guard let seat = viewer.seat else { return }
        seat.link.estimate.bound(by: rate)
        weigh(viewer, seat, audience, at: now)
    }

    /// Players that speak neither of the other two.
    func noteLoss(_ block: ReportBlock, of viewer: RelayPeer, _ audience: Audience, at now: MonotonicTime) {
        guard let seat = viewer.seat else { return }
        let track = audience.downlinks.pointer(seat.position).pointee.tracks[MediaKind.video.number]
        guard track.transportExtension == 0 else { return }
        let isNews = seat.link.receive(
            block, packets: track.packetsSent, payloadBytes: track.payloadBytesSent,
            roundTripMS: viewer.statistics.roundTripMS, at: now)
        if isNews { weigh(viewer, seat, audience, at: now) }
    }

    private func weigh(_ viewer: RelayPeer, _ seat: ViewerSeat, _ audience: Audience, at now: MonotonicTime) {
        guard let video = audience.show.feed(.video), seat.link.weigh(video.rates, at: now) else { return }
        let downlink = audience.downlinks.pointer(seat.position)
        let number = video.kind.number
        guard downlink.pointee.tracks[number].payloadType != nil else { return }
        seat.link.pace(hasPicture: downlink.pointee.tracks[number].first != nil, at: now)
        downlink.pointee.tracks[number].isPaced = true
        noteOffset(downlink, seat)
        audience.setPaced(viewer.id, true)
        timers.set(.pace, now)
    }

    private func noteOffset(_ downlink: UnsafeMutablePointer<Downlink>, _ seat: ViewerSeat) {
        let track = downlink.pointee.tracks[MediaKind.video.number]
        seat.link.thinning.note(number: track.number(of: track.next), offset: track.offset)
    }

    /// A weak viewer's decoder has lost its way.
    func restartPicture(at seat: ViewerSeat, _ audience: Audience) {
        audience.downlinks.pointer(seat.position).pointee.tracks[MediaKind.video.number].rest()
    }

    /// Gives each of those who are served by themselves what its rate allows now.
    func pace(at now: MonotonicTime) {
        var isAnyPaced = false
        for audience in audiences.values where !audience.paced.isEmpty {
            guard let video = audience.show.feed(.video) else { continue }
            isAnyPaced = true
            for session in audience.paced {
                guard let viewer = peers[session], let seat = viewer.seat else { continue }
                serve(viewer, seat, video, of: audience, at: now)
            }
        }
        egress.flush()
        if isAnyPaced { timers.set(.pace, now.advanced(byMilliseconds: Self.paceIntervalMS)) }
    }

    private func serve(
        _ viewer: RelayPeer, _ seat: ViewerSeat, _ video: TrackFeed, of audience: Audience, at now: MonotonicTime
    ) {
        let downlink = audience.downlinks.pointer(seat.position)
        let factor = seat.link.isBehind ? 1 : Self.paceFactor
        seat.link.pacer.refill(rate: factor * seat.link.rate(wanted: video.rates.all), at: now)
        switch seat.link.course {
        case .open: break
        case .paced:
            payRepairs(of: viewer, video, seat, audience, at: now)
            sendPicture(video, to: downlink, seat, of: audience, at: now)
        case .soundOnly, .awaiting:
            downlink.pointee.tracks[video.kind.number].rest()
            if isReady(downlink), seat.link.mayTry(video.rates, at: now) {
                beginPicture(video, to: downlink, seat, of: audience, at: now)
            }
        }
        let roundTripMS = viewer.statistics.roundTripMS ?? Self.usualRoundTripMS
        sendProbe(of: video, to: downlink, seat, roundTripMS: roundTripMS, at: now)
        let isLevel = downlink.pointee.tracks[video.kind.number].next == audience.served[video.kind.number]
        if audience.pass == nil, seat.link.mayLeave(video.rates, isLevel: isLevel, at: now) {
            downlink.pointee.tracks[video.kind.number].isPaced = false
            audience.setPaced(viewer.id, false)
        }
        if let quality = seat.link.takeNews(at: now) { outlet.report(.quality(audience.stream, viewer.id, quality)) }
    }

    /// With a young key frame, which is asked for.
    private func beginPicture(
        _ video: TrackFeed, to downlink: UnsafeMutablePointer<Downlink>, _ seat: ViewerSeat, of audience: Audience,
        at now: MonotonicTime
    ) {
        guard let start = start(in: video, end: video.end, at: now) else {
            if seat.link.keyFrames.take(at: now) {
                wantKeyFrame(audience, at: now)
            }
            return
        }
        downlink.pointee.tracks[video.kind.number].begin(at: start, using: &generator)
        seat.link.begin(at: now)
        noteOffset(downlink, seat)
    }

    private func sendPicture(
        _ video: TrackFeed, to downlink: UnsafeMutablePointer<Downlink>, _ seat: ViewerSeat, of audience: Audience,
        at now: MonotonicTime
    ) {
        let number = video.kind.number
        guard downlink.pointee.tracks[number].first != nil else { return seat.link.awaitPicture() }
        let codec = audience.show.videoCodec
        let (end, newest) = (video.end, video.ring.packet(video.end - 1)?.timestamp)
        while seat.link.pacer.isOpen, downlink.pointee.tracks[number].next < end {
            let next = downlink.pointee.tracks[number].next
            guard next >= video.start else { return seat.link.lose(at: now) }
            guard let packet = video.ring.packet(next) else {
                passOver(downlink, seat)
                continue
            }
            if let key = video.keyFrame, key.index == next, seat.link.thinning.shift != 0 {
                seat.link.thinning.beginAnew()
                noteOffset(downlink, seat)
            }
            if let newest, isTooFar(behind: newest &- packet.timestamp, seat, at: now) {
                return seat.link.lose(at: now)
            }
            switch seat.link.thinning.receive(packet, codec) {
            case .send(let edit):
                seat.link.pacer.spend(egress.send(packet, edit, of: video, to: downlink, at: now))
                downlink.pointee.tracks[number].advance()
            case .leaveOut:
                downlink.pointee.tracks[number].leaveOut()
                noteOffset(downlink, seat)
            }
        }
    }

    /// A packet that never came: its number stays free, unless it was most likely of a picture that is left out.
    private func passOver(_ downlink: UnsafeMutablePointer<Downlink>, _ seat: ViewerSeat) {
        let number = MediaKind.video.number
        guard seat.link.thinning.isLeavingOut else { return downlink.pointee.tracks[number].advance() }
        downlink.pointee.tracks[number].leaveOut()
        noteOffset(downlink, seat)
    }

    private func isTooFar(behind ticks: UInt32, _ seat: ViewerSeat, at now: MonotonicTime) -> Bool {
        let behindMS = Int64(Int32(bitPattern: ticks)) / 90
        seat.link.isBehind = behindMS > Self.behindMS
        if behindMS > Self.thinBehindMS { seat.link.thinning.aim = 0 }
        let isBeginning = seat.link.pictureSince.map { now.milliseconds(since: $0) < Self.beginningMS } ?? false
        return behindMS > (isBeginning ? Self.beginningMS : Self.lostBehindMS)
    }

    private func sendProbe(
        of video: TrackFeed, to downlink: UnsafeMutablePointer<Downlink>, _ seat: ViewerSeat, roundTripMS: Double,
        at now: MonotonicTime
    ) {
        if seat.link.probe == nil, let rate = seat.link.estimate.rate,
            let plan = seat.link.probes.next(
                rate: rate, wanted: 1.2 * video.rates.all, queueMS: seat.link.estimate.queueMS(at: now),
                isLossy: seat.link.estimate.isLossy(at: now), roundTripMS: roundTripMS, at: now)
        {
            seat.link.probe = (plan, plan.bytes, now.advanced(byMilliseconds: -Self.paceIntervalMS))
        }
        guard var probe = seat.link.probe else { return }
        downlink.pointee.history.probe = probe.plan.number
        var budget = probe.plan.rate * Double(now.nanoseconds - probe.last.nanoseconds) / 8e9
        while budget > 0, probe.rest > 0 {
            let bytes = egress.sendPadding(of: video, to: downlink, at: now)
            if bytes == 0 { probe.rest = 0 }
            budget -= Double(bytes)
            probe.rest -= bytes
            seat.link.pacer.spend(bytes)
        }
        downlink.pointee.history.probe = 0
        probe.last = now
        seat.link.probe = probe.rest > 0 ? probe : nil
    }
}
