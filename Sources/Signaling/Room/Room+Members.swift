internal import Wire

/// Coming and going.
extension Room {
    mutating func join(
        _ client: ClientID, role: ClientRole, name: String?, iceServers: [ICEServer], at now: Timestamp,
        _ effects: inout [RoomEffect]
    ) {
        guard members[client] == nil else { return }
        guard members.count < configuration.maximumMembers || role == .admin else {
            let error = MessageError(code: .unavailable, message: "The show is full.", inReplyTo: "join")
            effects += [.send(.error(error), to: client), .close(client, .goingAway)]
            return
        }
        if role == .admin { replaceAdmin(by: client, &effects) }
        members[client] = Member(role: role, name: name, configuration: configuration, at: now)
        if role == .customer { viewerCountChanged(by: 1) }
        let joined = ServerMessage.Joined(
            client: client, stream: stream, chat: recentChat, iceServers: iceServers, now: now)
        effects.append(.send(.joined(joined), to: client))
        guard stream.status == .live, !pendingEnd else { return }
        switch role {
        case .admin: offerToEverybody(at: now, &effects)
        case .customer: choosePath(for: client, at: now, &effects)
        }
    }

    private mutating func replaceAdmin(by client: ClientID, _ effects: inout [RoomEffect]) {
        graceEnd = nil
        if let former = admin {
            members[former] = nil
            let error = MessageError(code: .replaced, message: "The show is run from another window now.")
            effects += [.send(.error(error), to: former), .close(former, .replaced)]
        }
        admin = client
    }

    mutating func leave(_ client: ClientID, _ effects: inout [RoomEffect]) {
        guard let member = members[client] else { return }
        dismissFromRelay(client, &effects)
        setRacing(false, client)
        setPath(nil, of: client)
        members[client] = nil
        switch member.role {
        case .admin:
            admin = nil
        case .customer:
            viewerCountChanged(by: -1)
            if let admin, member.path == .direct || member.isRetryingDirect {
                effects.append(.send(.viewerLeft(client), to: admin))
            }
        }
    }

    /// Everybody is sent away: the livestream was deleted.
    mutating func closeForGood(_ effects: inout [RoomEffect]) {
        for client in members.keys {
            dismissFromRelay(client, &effects)
            effects.append(.close(client, .streamDeleted))
        }
        members = [:]
        directViewers = 0
        relayUsers = 0
        nextRace = nil
        uplink = Uplink()
        admin = nil
        graceEnd = nil
        stream.viewerCount = 0
        likes = LikeCounter()
        nextUpdate = nil
        updateIsDue = false
    }

    private mutating func viewerCountChanged(by change: Int) {
        stream.viewerCount += change
        stream.peakViewerCount = max(stream.peakViewerCount, stream.viewerCount)
        updateIsDue = true
    }
}
