internal import Wire

/// Who speaks with whom about media, and which way a picture takes.
extension Room {
    /// Delivers one message to exactly one peer, or throws.
    ///
    /// A customer may address the admin, the admin each customer; nobody anybody else.
    mutating func forward(
        from client: ClientID, to address: PeerAddress, type: String, by only: ClientRole?, at now: Timestamp,
        _ effects: inout [RoomEffect], _ message: (PeerAddress) -> ServerMessage
    ) throws(MessageError) {
        guard let sender = members[client] else { return }
        if sender.role == .customer, members[client]?.signaling.take(at: now) == false {
            throw MessageError(code: .rateLimited, message: "Too many messages at once.", inReplyTo: type)
        }
        guard only == nil || only == sender.role, case .client(let target) = address,
            let receiver = members[target], receiver.role != sender.role,
            (sender.role == .admin ? client : target) == admin
        else {
            throw MessageError(code: .forbidden, message: "You may not send this to that peer.", inReplyTo: type)
        }
        effects.append(.send(message(.client(client)), to: target))
    }

    /// The first choice for one customer of a live show.
    mutating func choosePath(for client: ClientID, at now: Timestamp, _ effects: inout [RoomEffect]) {
        switch PathPolicy.firstPath(situation) {
        case .take(let path, let reason):
            setPath(path, of: client)
            announce(path, of: client, reason: reason, &effects)
            if path == .relay { serveByRelay(client, &effects) } else { askForOffer(to: client, at: now, &effects) }
        case .none(let reason):
            refuse(client, MessageError(code: .unavailable, message: reason), at: now, &effects)
        }
    }

    var situation: PathPolicy.Situation {
        PathPolicy.Situation(
            delivery: stream.delivery, directViewers: directViewers,
            relayIsAvailable: configuration.relayIsAvailable, hasEncoder: hasEncoder)
    }

    /// Changes a member's path or part in a race, and keeps the counts right.
    mutating func setPath(_ path: Path?, of client: ClientID) { change(client) { $0.path = path } }

    mutating func setRacing(_ isRacing: Bool, _ client: ClientID) { change(client) { $0.isRacing = isRacing } }

    private mutating func change(_ client: ClientID, _ body: (inout Member) -> Void) {
        guard var member = members[client] else { return }
        directViewers -= member.path == .direct ? 1 : 0
        relayUsers -= member.usesRelay ? 1 : 0
        body(&member)
        directViewers += member.path == .direct ? 1 : 0
        relayUsers += member.usesRelay ? 1 : 0
        members[client] = member
    }

    /// A new admin socket: it may belong to a page that knows nothing of the viewers yet.
    mutating func offerToEverybody(at now: Timestamp, _ effects: inout [RoomEffect]) {
        guard let admin else { return }
        for (client, member) in members where member.role == .customer {
            guard let path = member.path else {
                choosePath(for: client, at: now, &effects)
                continue
            }
            let selected = ServerMessage.pathSelected(viewer: client, path: path, reason: "admin is back")
            effects.append(.send(selected, to: admin))
            if path == .direct { askForOffer(to: client, at: now, &effects) }
        }
        requestUplinkAgain(&effects)
    }

    mutating func take(
        _ report: PathReport, from client: ClientID, at now: Timestamp, _ effects: inout [RoomEffect]
    ) throws(MessageError) {
        guard let member = members[client], member.role == .customer else {
            throw MessageError(code: .forbidden, message: "Only customers report paths.", inReplyTo: "path_report")
        }
        if members[client]?.signaling.take(at: now) == false {
            throw MessageError(code: .rateLimited, message: "Too many reports at once.", inReplyTo: "path_report")
        }
        // A report on a path that the viewer no longer takes is old news.
        guard stream.status == .live, member.path == report.path || member.isRacing else { return }
        switch report.state {
        case .connected:
            if member.isRacing { settleRace(client, on: report.path, at: now, &effects) }
            announce(report.path, of: client, reason: "connected", &effects)
        case .failed, .frozen: repair(client, report, at: now, &effects)
        }
    }

    private mutating func repair(
        _ client: ClientID, _ report: PathReport, at now: Timestamp, _ effects: inout [RoomEffect]
    ) {
        guard let member = members[client] else { return }
        // The relay has said itself that its picture comes and goes there: it can't do better over the same link.
        if report.path == .relay, report.state == .frozen, member.quality != .good { return }
        if PathPolicy.fallback(from: report.path, situation) == .relay {
            race(client, &effects)
            // What stands still may move again by itself; what has failed needs another try to take part.
            guard report.state == .failed else { return }
        }
        let interval = report.state == .frozen ? configuration.frozenOfferIntervalMS : configuration.offerIntervalMS
        if let last = member.lastOffered, now.milliseconds(since: last) < interval { return }
        members[client]?.lastOffered = now
        announce(report.path, of: client, reason: report.state.rawValue, &effects)
        if report.path == .relay {
            members[client]?.isInvited = false
            serveByRelay(client, &effects)
        } else {
            askForOffer(to: client, at: now, &effects)
        }
    }

    func announce(_ path: Path, of client: ClientID, reason: String, _ effects: inout [RoomEffect]) {
        let message = ServerMessage.pathSelected(viewer: client, path: path, reason: reason)
        effects.append(.send(message, to: client))
        if let admin { effects.append(.send(message, to: admin)) }
    }

    mutating func askForOffer(to client: ClientID, at now: Timestamp, _ effects: inout [RoomEffect]) {
        guard let admin else { return }
        members[client]?.lastOffered = now
        effects.append(.send(.viewerJoined(client), to: admin))
    }
}
