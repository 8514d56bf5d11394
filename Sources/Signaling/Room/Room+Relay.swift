internal import Wire

/// What a room knows of the admin's uplink to the relay.
enum Uplink: Equatable, Sendable {
    case none
    /// The admin has been asked for it.
    case requested
    case standing
}

/// The relay as a peer: to the admin one more viewer that answers, to a viewer one more admin that offers.
extension Room {
    /// Has the relay offer to this viewer as soon as it can.
    mutating func serveByRelay(_ client: ClientID, _ effects: inout [RoomEffect]) {
        guard hasEncoder || uplink == .standing else { return requestUplink(&effects) }
        guard members[client]?.isInvited == false else { return }
        members[client]?.isInvited = true
        effects.append(.relay(.invite(client)))
    }

    mutating func requestUplink(_ effects: inout [RoomEffect]) {
        guard uplink == .none, let admin else { return }
        uplink = .requested
        effects.append(.send(.uplinkRequested(media: true), to: admin))
    }

    /// A new admin socket: if its page was reloaded, the uplink it had is dead; if not, it ignores this.
    mutating func requestUplinkAgain(_ effects: inout [RoomEffect]) {
        guard let admin, uplink != .none else { return }
        effects.append(.send(.uplinkRequested(media: true), to: admin))
    }

    mutating func uplinkStands(answer: String, _ effects: inout [RoomEffect]) {
        uplink = .standing
        // Another uplink than before has other sources: a fresh connection shows them for certain.
        for client in members.keys { members[client]?.isInvited = false }
        if let admin { effects.append(.send(.answer(from: .relay, sdp: answer), to: admin)) }
        inviteAll(&effects)
    }

    mutating func inviteAll(_ effects: inout [RoomEffect]) {
        for (client, member) in members where member.path == .relay || member.isRacing {
            serveByRelay(client, &effects)
        }
    }

    func offerByRelay(to client: ClientID, sdp: String, _ effects: inout [RoomEffect]) {
        guard members[client]?.isInvited == true else { return effects.append(.relay(.dismiss(client))) }
        effects.append(.send(.offer(from: .relay, sdp: sdp), to: client))
    }

    mutating func uplinkEnded(_ effects: inout [RoomEffect]) {
        hasEncoder = false
        uplink = .none
        var isNeeded = false
        for (client, member) in members where member.path == .relay || member.isRacing {
            members[client]?.isInvited = false
            isNeeded = true
        }
        if isNeeded { requestUplink(&effects) }
    }

    /// The direct way has failed or stands still: the relay tries, too, and the first to show a frame wins.
    mutating func race(_ client: ClientID, _ effects: inout [RoomEffect]) {
        guard members[client]?.isRacing == false else { return }
        members[client]?.isRacing = true
        serveByRelay(client, &effects)
    }

    /// A frame was shown: what did not show it is let go.
    mutating func settleRace(_ client: ClientID, on path: Path, _ effects: inout [RoomEffect]) {
        members[client]?.isRacing = false
        switch path {
        case .direct:
            guard members[client]?.isInvited == true else { return }
            members[client]?.isInvited = false
            effects.append(.relay(.dismiss(client)))
        case .relay:
            setPath(.relay, of: client)
            if let admin { effects.append(.send(.viewerLeft(client), to: admin)) }
        }
    }
}
