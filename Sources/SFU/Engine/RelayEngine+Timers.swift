import Wire

/// What happens because time has passed.
extension RelayEngine {
    static let feedbackIntervalMS: Int64 = 50
    static let handshakeIntervalMS: Int64 = 50
    static let repairIntervalMS: Int64 = 10
    static let sweepIntervalMS: Int64 = 1_000
    /// Everybody gets reports once a second, a twentieth of them at a time.
    static let reportIntervalMS: Int64 = 50
    private static let reportParts = 20
    /// So long the peer may ask for the last flight of a handshake again.
    private static let lingerMS: Int64 = 10_000

    /// Does what is due, and says when it wants to be called next.
    func handleTimers(at now: MonotonicTime) -> MonotonicTime? {
        if timers.take(.frameHold, at: now) {
            for show in shows.values where show.video?.heldSince != nil && !show.isDirty {
                show.isDirty = true
                dirtyShows.append(show)
            }
            flush(at: now)
        }
        if timers.take(.catchUp, at: now) {
            for audience in audiences.values where audience.hasCatchingUp { catchUp(audience, at: now) }
            egress.flush()
        }
        if timers.take(.beginnings, at: now) {
            for audience in audiences.values where audience.isAwaited {
                audience.isAwaited = false
                catchUp(audience, at: now)
            }
            egress.flush()
        }
        if timers.take(.pace, at: now) { pace(at: now) }
        if timers.take(.probes, at: now) { advanceProbes(at: now) }
        if timers.take(.repair, at: now) { for show in shows.values { requestRepairs(show, at: now) } }
        if timers.take(.keyFrame, at: now) {
            for show in shows.values where show.keyFrames.wantedSince != nil { requestKeyFrame(show, at: now) }
        }
        if timers.take(.feedback, at: now), !shows.isEmpty {
            for show in shows.values { sendTransportFeedback(show) }
            timers.set(.feedback, now.advanced(byMilliseconds: Self.feedbackIntervalMS))
        }
        if timers.take(.reports, at: now), !audiences.isEmpty {
            sendReports(at: now)
            timers.set(.reports, now.advanced(byMilliseconds: Self.reportIntervalMS))
        }
        if timers.take(.handshakes, at: now) { repeatFlights(at: now) }
        if timers.take(.sweep, at: now) { sweep(at: now) }
        return timers.next
    }

    private func sendReports(at now: MonotonicTime) {
        reportCursor = (reportCursor + 1) % Self.reportParts
        if reportCursor == 0 { for show in shows.values { sendReceiverReport(show, at: now) } }
        for audience in audiences.values {
            for position in stride(from: reportCursor, to: audience.downlinks.count, by: Self.reportParts) {
                sendSenderReports(audience, to: position, at: now)
            }
        }
    }

    private func repeatFlights(at now: MonotonicTime) {
        var isWaiting = false
        for peer in peers.values where peer.connection == nil {
            isWaiting = true
            if let transport = peer.transport { outlet.advance(transport, with: nil, for: peer.id) }
        }
        if isWaiting { timers.set(.handshakes, now.advanced(byMilliseconds: Self.handshakeIntervalMS)) }
    }

    private func sweep(at now: MonotonicTime) {
        for peer in directory.expired(at: now) {
            outlet.log("\(peer.role.rawValue) is gone", peer.stream)
            remove(peer)
        }
        for peer in peers.values {
            guard let connection = peer.connection, now.milliseconds(since: connection.since) > Self.lingerMS else {
                continue
            }
            if let rest = connection.settle() { outlet.release(rest) }
        }
        for show in shows.values { measureRoundTrip(to: show.uplink, at: now) }
        if !peers.isEmpty { timers.set(.sweep, now.advanced(byMilliseconds: Self.sweepIntervalMS)) }
    }
}
