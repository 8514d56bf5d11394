import Wire

/// From the rings to the viewers.
extension RelayEngine {
    /// A viewer who reads behind gets this much at a time: faster than real time, but no burst that a network drops.
    private static let catchUpPackets: UInt64 = 24
    private static let catchUpIntervalMS: Int64 = 5
    /// So often it is looked whether all have begun; asking again has its own times.
    private static let beginningIntervalMS: Int64 = 100
    /// So many viewers are sent a frame before the socket is read again, and sound goes out: about a millisecond's work.
    private static let sliceViewers = 64
    /// A key frame older than this would show a picture too far from now.
    private static let youngKeyFrameMS: Int64 = 1_500

    /// Whether a frame is on its way to viewers: `flush` is to be called again, as soon as what has come is read.
    var isSending: Bool { audiences.values.contains { $0.pass != nil } }

    /// Sends what has come since the last call, of a frame a slice; to be called after each batch of datagrams, when
    /// nudged, and while `isSending`.
    func flush(at now: MonotonicTime) {
        for show in dirtyShows {
            show.isDirty = false
            advance(show, at: now)
        }
        dirtyShows.removeAll(keepingCapacity: true)
        for audience in audiences.values where audience.hasViewers && audience.isBehind { serve(audience, at: now) }
        egress.flush()
    }

    /// Lets everybody's readers have what has come from an uplink.
    private func advance(_ show: RelayShow, at now: MonotonicTime) {
        var hasMore = false
        for kind in MediaKind.allCases {
            guard let advance = show.track(kind)?.advance(at: now) else { continue }
            if advance.hasMore { hasMore = true }
            if let again = advance.again { timers.set(.frameHold, again) }
        }
        let others = show.attendance.workers & ~(1 << UInt64(place.number))
        if hasMore, others != 0 { outlet.nudge(others) }
        if show.uplink.receiver?.needsKeyFrame == true { show.keyFrames.want(at: now) }
        if show.keyFrames.wantedSince != nil { requestKeyFrame(show, at: now) }
    }

    /// Sound first: it is little, and waits for nobody.
    private func serve(_ audience: Audience, at now: MonotonicTime) {
        if let sound = audience.show.feed(.audio), let range = pending(sound, audience) {
            egress.send(sound, range, to: audience.downlinks, at: 0..<audience.downlinks.count, now: now)
            audience.served[MediaKind.audio.number] = range.upperBound
        }
        if let video = audience.show.feed(.video) { sendSlice(of: video, to: audience, at: now) }
        for (kind, index) in audience.late {
            if let feed = audience.show.feed(kind) { egress.sendLate(index, of: feed, to: audience.downlinks, at: now) }
        }
        audience.forgetLate()
        if audience.hasCatchingUp { catchUp(audience, at: now) }
    }

    /// Goes on with the frame that is on its way, or begins with what has come since.
    private func sendSlice(of video: TrackFeed, to audience: Audience, at now: MonotonicTime) {
        guard var pass = audience.pass ?? pending(video, audience).map({ Audience.Pass(range: $0) }) else { return }
        let end = min(pass.position + Self.sliceViewers, audience.downlinks.count)
        egress.send(video, pass.range, to: audience.downlinks, at: min(pass.position, end)..<end, now: now)
        pass.position = end
        guard end == audience.downlinks.count else { return audience.pass = pass }
        audience.pass = nil
        audience.served[MediaKind.video.number] = pass.range.upperBound
        // Those who wait for a picture begin with a key frame.
        if let key = video.keyFrame, pass.range.contains(key.index) { audience.hasCatchingUp = true }
    }

    /// What of a feed those who keep up have not been sent; nil: nothing.
    private func pending(_ feed: TrackFeed, _ audience: Audience) -> Range<UInt64>? {
        let served = audience.served[feed.kind.number]
        let (start, end) = (max(served, feed.start), feed.end)
        guard start < end else { return nil }
        if start > served { audience.hasCatchingUp = true }  // nobody is that far
        return start..<end
    }

    /// Brings those who read behind to where the others are, a part at a time.
    func catchUp(_ audience: Audience, at now: MonotonicTime) {
        guard audience.pass == nil else { return }  // where the others are is not known before its end
        audience.hasCatchingUp = false
        var isWaiting = false
        for position in 0..<audience.downlinks.count {
            let downlink = audience.downlinks.pointer(position)
            for track in audience.show.tracks where catchUp(downlink, track.feed, of: audience, at: now) {
                audience.hasCatchingUp = true
            }
            let video = downlink.pointee.tracks[MediaKind.video.number]
            if video.isWaiting, !video.isPaced, isReady(downlink) { isWaiting = true }
        }
        if isWaiting, audience.show.feed(.video) != nil { awaitKeyFrame(audience, at: now) }
        if audience.hasCatchingUp { timers.set(.catchUp, now.advanced(byMilliseconds: Self.catchUpIntervalMS)) }
    }

    func isReady(_ downlink: UnsafeMutablePointer<Downlink>) -> Bool {
        downlink.pointee.endpoint.isUDP || !outlet.isCongested(downlink.pointee.endpoint)
    }

    /// A connection has begun to take less than it is sent, or takes all again. Its viewer gets no picture meanwhile, and
    /// then one from a key frame on: late pictures only make the next ones later.
    func noteBacklog(of connection: UInt64, isCongested: Bool, at now: MonotonicTime) {
        for audience in audiences.values {
            for position in 0..<audience.downlinks.count {
                let downlink = audience.downlinks.pointer(position)
                guard downlink.pointee.endpoint.connection == connection else { continue }
                downlink.pointee.tracks[MediaKind.video.number].rest()
                audience.hasCatchingUp = true
            }
        }
        if !isCongested { timers.set(.catchUp, now) }
    }

    /// A key frame is wanted until everybody who is connected has begun.
    private func awaitKeyFrame(_ audience: Audience, at now: MonotonicTime) {
        wantKeyFrame(audience, at: now)
        audience.isAwaited = true
        timers.set(.beginnings, now.advanced(byMilliseconds: Self.beginningIntervalMS))
    }

    /// Whether it is still behind.
    private func catchUp(
        _ downlink: UnsafeMutablePointer<Downlink>, _ feed: TrackFeed, of audience: Audience, at now: MonotonicTime
    ) -> Bool {
        let number = feed.kind.number
        let end = audience.served[number]
        guard downlink.pointee.tracks[number].payloadType != nil, !downlink.pointee.tracks[number].isPaced, end > 0
        else { return false }
        if downlink.pointee.tracks[number].first == nil {
            guard isReady(downlink) else { return false }
            guard let start = start(in: feed, end: end, at: now) else { return false }
            downlink.pointee.tracks[number].begin(at: start, using: &generator)
        }
        downlink.pointee.tracks[number].skip(to: feed.start)
        let next = downlink.pointee.tracks[number].next
        guard next < end else { return false }
        let count = packetsToCatchUp(next, feed, downlink, at: now)
        egress.send(feed, next..<min(end, next + count), to: downlink, at: now)
        return downlink.pointee.tracks[number].next < end
    }

    /// The key frame with which a viewer begins goes out as fast as it can; what comes behind it may be more than the link
    /// carries.
    private func packetsToCatchUp(
        _ next: UInt64, _ feed: TrackFeed, _ downlink: UnsafeMutablePointer<Downlink>, at now: MonotonicTime
    ) -> UInt64 {
        guard feed.kind == .video, downlink.pointee.tracks[feed.kind.number].transportExtension != 0,
            let key = feed.keyFrame, next > key.index,
            feed.ring.packet(next)?.timestamp != feed.ring.packet(key.index)?.timestamp,
            let count = peers[downlink.pointee.session]?.seat?.link.firstPackets(at: now)
        else { return Self.catchUpPackets }
        return count
    }

    /// Where a new viewer begins: with the newest key frame, and sound with what comes.
    func start(in feed: TrackFeed, end: UInt64, at now: MonotonicTime) -> UInt64? {
        guard feed.kind == .video else { return end }
        guard let key = feed.keyFrame, key.index < end, key.index >= feed.start,
            now.milliseconds(since: key.arrival) <= Self.youngKeyFrameMS
        else { return nil }
        return key.index
    }
}
