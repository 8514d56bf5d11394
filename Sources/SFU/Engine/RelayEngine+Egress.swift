import Wire

/// From the rings to the viewers.
extension RelayEngine {
    /// A viewer who reads behind gets this much at a time: faster than real time, but no burst that a network drops.
    private static let catchUpPackets: UInt64 = 24
    private static let catchUpIntervalMS: Int64 = 5
    /// A key frame older than this would show a picture too far from now.
    private static let youngKeyFrameMS: Int64 = 1_500

    /// Sends what has come since the last call; to be called after each batch of datagrams, and when nudged.
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
        if show.wantsKeyFrame || show.uplink.uplink?.needsKeyFrame == true { requestKeyFrame(show, at: now) }
    }

    private func serve(_ audience: Audience, at now: MonotonicTime) {
        for track in audience.show.tracks {
            let feed = track.feed
            let number = feed.kind.number
            let (start, end) = (max(audience.served[number], feed.start), feed.end)
            guard start < end else { continue }
            let range = start..<end
            if start > audience.served[number] { audience.hasCatchingUp = true }  // nobody is that far
            if feed.kind == .video, let key = feed.keyFrame, range.contains(key.index) {
                audience.hasCatchingUp = true  // those who wait for a picture begin here
            }
            egress.send(feed, range, to: audience.downlinks)
            audience.served[number] = range.upperBound
        }
        for (kind, index) in audience.late {
            if let feed = audience.show.feed(kind) { egress.sendLate(index, of: feed, to: audience.downlinks) }
        }
        audience.forgetLate()
        if audience.hasCatchingUp { catchUp(audience, at: now) }
    }

    /// Brings those who read behind to where the others are, a part at a time.
    func catchUp(_ audience: Audience, at now: MonotonicTime) {
        audience.hasCatchingUp = false
        for position in 0..<audience.downlinks.count {
            let downlink = audience.downlinks.pointer(position)
            for track in audience.show.tracks where catchUp(downlink, track.feed, of: audience, at: now) {
                audience.hasCatchingUp = true
            }
        }
        if audience.hasCatchingUp { timers.set(.catchUp, now.advanced(byMilliseconds: Self.catchUpIntervalMS)) }
    }

    /// Whether it is still behind.
    private func catchUp(
        _ downlink: UnsafeMutablePointer<Downlink>, _ feed: TrackFeed, of audience: Audience, at now: MonotonicTime
    ) -> Bool {
        let number = feed.kind.number
        let end = audience.served[number]
        guard downlink.pointee.tracks[number].payloadType != nil, end > 0 else { return false }
        if downlink.pointee.tracks[number].first == nil {
            guard let start = start(in: feed, end: end, at: now) else { return false }
            downlink.pointee.tracks[number].begin(at: start, using: &generator)
        }
        downlink.pointee.tracks[number].skip(to: feed.start)
        let next = downlink.pointee.tracks[number].next
        guard next < end else { return false }
        egress.send(feed, next..<min(end, next + Self.catchUpPackets), to: downlink)
        return downlink.pointee.tracks[number].next < end
    }

    /// Where a new viewer begins: with the newest key frame, and sound with what comes.
    private func start(in feed: TrackFeed, end: UInt64, at now: MonotonicTime) -> UInt64? {
        guard feed.kind == .video else { return end }
        guard let key = feed.keyFrame, key.index < end, key.index >= feed.start,
            now.milliseconds(since: key.arrival) <= Self.youngKeyFrameMS
        else { return nil }
        return key.index
    }
}
