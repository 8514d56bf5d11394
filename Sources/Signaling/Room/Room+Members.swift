internal import Wire

/// Coming and going.
extension Room {
    mutating func join(
        _ client: ClientID, role: ClientRole, name: String?, isNameGiven: Bool, iceServers: [ICEServer],
        place wish: PlaceWish,
        resumeToken: String, at now: Timestamp, _ effects: inout [RoomEffect]
    ) {
        guard members[client] == nil else { return }
        guard members.count < configuration.maximumMembers || role == .admin else {
            let error = MessageError(code: .unavailable, message: "The show is full.", inReplyTo: "join")
            effects += [.send(.error(error), to: client), .close(client, .full)]
            return
        }
        if role == .admin { enter(client, wishing: wish, &effects) }
        members[client] = Member(
            role: role, name: name, isNameGiven: isNameGiven, configuration: configuration, at: now)
        if role == .customer { viewerCountChanged(by: 1) }
        stream.broadcaster = broadcaster
        if role == .admin {
            let news = placeNews(for: client)
            members[client]?.placeTold = news
        }
        let joined = ServerMessage.Joined(
            client: client, stream: stream, chat: recentChat, iceServers: iceServers, now: now,
            resumeToken: resumeToken, hasPlace: role == .admin ? admin == client : nil)
        effects.append(.send(.joined(joined), to: client))
        guard stream.status == .live, !pendingEnd else { return }
        switch role {
        case .admin: if admin == client { offerToEverybody(at: now, &effects) }
        case .customer: choosePath(for: client, at: now, &effects)
        }
    }

    mutating func leave(_ client: ClientID, _ effects: inout [RoomEffect]) {
        guard let member = members[client] else { return }
        dismissFromRelay(client, &effects)
        setRacing(false, client)
        setPath(nil, of: client)
        members[client] = nil
        switch member.role {
        case .admin:
            place.leave(client)
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
        place = StudioPlace()
        hasEncoder = false
        effects.append(.relay(.endAll))
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
