internal import Wire

/// Two ways at once: the first to show a frame wins (after RFC 8305, which has addresses race).
extension Room {
    /// The direct way has failed or stands still: the relay tries, too.
    mutating func race(_ client: ClientID, _ effects: inout [RoomEffect]) {
        guard members[client]?.isRacing == false else { return }
        setRacing(true, client)
        serveByRelay(client, &effects)
    }

    /// A frame was shown: what did not show it is let go.
    mutating func settleRace(_ client: ClientID, on path: Path, at now: Timestamp, _ effects: inout [RoomEffect]) {
        // The relay goes on while the direct way has another try.
        if members[client]?.isRetryingDirect == true, path == .relay { return }
        setRacing(false, client)
        members[client]?.isRetryingDirect = false
        members[client]?.raceDeadline = nil
        switch path {
        case .direct:
            setPath(.direct, of: client)
            dismissFromRelay(client, &effects)
        case .relay:
            setPath(.relay, of: client)
            loseDirect(client, at: now, &effects)
        }
    }

    /// After a while the direct way may be tried again; after two lost races it isn't.
    private mutating func loseDirect(_ client: ClientID, at now: Timestamp, _ effects: inout [RoomEffect]) {
        if let admin { effects.append(.send(.viewerLeft(client), to: admin)) }
        members[client]?.lostRaces += 1
        guard let lost = members[client]?.lostRaces, PathPolicy.triesDirectAgain(lostRaces: lost, situation) else {
            return
        }
        setRaceDeadline(now.advanced(byMilliseconds: configuration.directRetryMS), of: client)
    }

    private mutating func setRaceDeadline(_ deadline: Timestamp, of client: ClientID) {
        members[client]?.raceDeadline = deadline
        nextRace = min(nextRace ?? deadline, deadline)
    }

    /// Starts and ends the further tries whose time has come.
    mutating func meetRaceDeadlines(at now: Timestamp, _ effects: inout [RoomEffect]) {
        guard let due = nextRace, due <= now else { return }
        nextRace = nil
        for (client, member) in members {
            guard let deadline = member.raceDeadline else { continue }
            if deadline > now {
                setRaceDeadline(deadline, of: client)
            } else if member.isRetryingDirect {
                endRetry(client, at: now, &effects)
            } else {
                retryDirect(client, at: now, &effects)
            }
        }
    }

    private mutating func retryDirect(_ client: ClientID, at now: Timestamp, _ effects: inout [RoomEffect]) {
        members[client]?.raceDeadline = nil
        guard stream.status == .live, !pendingEnd, let member = members[client], member.path == .relay,
            PathPolicy.triesDirectAgain(lostRaces: member.lostRaces, situation)
        else { return }
        guard admin != nil, directViewers < stream.delivery.maxDirectViewers else {
            return setRaceDeadline(now.advanced(byMilliseconds: configuration.directRetryMS), of: client)
        }
        setRacing(true, client)
        members[client]?.isRetryingDirect = true
        askForOffer(to: client, at: now, &effects)
        setRaceDeadline(now.advanced(byMilliseconds: configuration.directRetryPatienceMS), of: client)
    }

    private mutating func endRetry(_ client: ClientID, at now: Timestamp, _ effects: inout [RoomEffect]) {
        setRacing(false, client)
        members[client]?.isRetryingDirect = false
        members[client]?.raceDeadline = nil
        loseDirect(client, at: now, &effects)
    }
}
