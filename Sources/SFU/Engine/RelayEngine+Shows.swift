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
            if let show = shows[stream] { requestKeyFrame(show, at: now) }
        }
    }

    /// Viewers of this show may come here. Who is here stays: another uplink goes on under the former's names.
    func openAudience(_ show: ShowDescription) {
        guard let known = audiences[show.stream] else {
            return audiences[show.stream] = Audience(show, worker: place.number)
        }
        known.show = show
        if known.pass != nil {
            known.pass = nil
            known.hasCatchingUp = true
        }
    }

    func closeAudience(_ stream: StreamID) {
        guard let audience = audiences.removeValue(forKey: stream) else { return }
        for viewer in audience.viewers.compactMap({ peers[$0] }) {
            forget(viewer)
            outlet.viewerLeft()
        }
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
