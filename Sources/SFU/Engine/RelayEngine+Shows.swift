import Wire

/// What engines tell each other.
extension RelayEngine {
    /// Takes what another worker's engine tells.
    func receive(_ news: ShowNews, at now: MonotonicTime) {
        switch news {
        case .opened(let show): openAudience(show)
        case .late(let stream, let kind, let index): audiences[stream]?.noteLate(kind, index)
        case .clock(let stream, let kind, let clock): audiences[stream]?.clocks[kind.number] = clock
        case .closed(let stream): closeAudience(stream)
        case .keyFrameWanted(let stream):
            if let show = shows[stream] { wantKeyFrame(show, at: now) }
        }
    }

    /// Has every worker take viewers of this show as it is now.
    func announce(_ show: RelayShow) {
        let description = show.description
        let isAnother = audiences[show.stream].map { !$0.show.isPlayedAlike(description) } ?? false
        outlet.tell(.opened(description))
        openAudience(description)
        if isAnother { outlet.report(.changed(show.stream)) }
    }

    /// Viewers of this show may come here. Who is here stays: another uplink goes on under the former's names.
    func openAudience(_ show: ShowDescription) {
        guard let known = audiences[show.stream] else {
            return audiences[show.stream] = Audience(show, worker: place.number)
        }
        let isAnother = !known.show.isPlayedAlike(show)
        known.show = show
        if known.pass != nil {
            known.pass = nil
            known.hasCatchingUp = true
        }
        if isAnother { stopStrangers(in: known) }
    }

    /// Who was told of another codec can't play what comes now: who was invited is invited anew, and has nothing until
    /// then; who came by himself has to come again.
    private func stopStrangers(in audience: Audience) {
        for position in 0..<audience.downlinks.count {
            let downlink = audience.downlinks.pointer(position)
            for kind in MediaKind.allCases { downlink.pointee.tracks[kind.number].stop() }
        }
        for viewer in audience.viewers.compactMap({ peers[$0] }) where !viewer.isInvited { remove(viewer) }
    }

    func closeAudience(_ stream: StreamID) {
        guard let audience = audiences.removeValue(forKey: stream) else { return }
        for viewer in audience.viewers.compactMap({ peers[$0] }) {
            forget(viewer)
            outlet.viewerLeft()
        }
        if audience.players > 0 { outlet.report(.players(stream, worker: place.number, count: 0)) }
    }

    /// Tells everybody who serves viewers what an uplink's clocks are.
    func shareClock(_ kind: MediaKind, of show: RelayShow) {
        guard let clock = show.clock(kind) else { return }
        audiences[show.stream]?.clocks[kind.number] = clock
        outlet.tell(.clock(show.stream, kind, clock))
    }

    /// Tells everybody who serves viewers of a packet behind those that are out.
    func shareLate(_ index: UInt64, _ kind: MediaKind, of show: RelayShow) {
        audiences[show.stream]?.noteLate(kind, index)
        if show.attendance.workers & ~(1 << UInt64(place.number)) != 0 {
            outlet.tell(.late(show.stream, kind, index: index))
        }
    }
}
