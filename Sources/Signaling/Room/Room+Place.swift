package import Wire

/// Who broadcasts.
extension Room {
    /// Who broadcasts from a studio's page.
    var admin: ClientID? { place.holder }

    var broadcaster: Broadcaster? {
        guard stream.status == .live else { return nil }
        if hasEncoder { return .encoder }
        return admin == nil ? nil : .studio
    }

    /// The place goes from whoever has it to this one, who was asked for it by nobody but itself. `isClosing`: the former
    /// one is sent away, as a page that broadcasts must notice at once.
    mutating func give(placeTo client: ClientID, isClosing: Bool, at now: Timestamp, _ effects: inout [RoomEffect]) {
        graceEnd = nil
        guard let former = place.take(client) else { return }
        if isClosing { sendAway(former, &effects) }
    }

    private mutating func sendAway(_ former: ClientID, _ effects: inout [RoomEffect]) {
        place.leave(former)
        members[former] = nil
        let error = MessageError(code: .replaced, message: "The show is run from another window now.")
        effects += [.send(.error(error), to: former), .close(former, .replaced)]
    }

    /// An admin has joined.
    mutating func enter(_ client: ClientID, wishing wish: PlaceWish, _ effects: inout [RoomEffect]) {
        let former = place.enter(client, wishing: wish)
        if let former { sendAway(former, &effects) }
        if place.holder == client { graceEnd = nil }
    }

    /// A press on "Take over": from another window, or from an encoder, which goes on until this page's media have come.
    mutating func takeOver(
        by client: ClientID, at now: Timestamp, _ effects: inout [RoomEffect]
    ) throws(MessageError) {
        try onlyAdmin(members[client]?.role, "take_over")
        guard stream.status != .ended, !pendingEnd else {
            throw MessageError(code: .streamEnded, message: "The show is over.", inReplyTo: "take_over")
        }
        guard admin != client else { return tellPlace(to: client, &effects) }
        give(placeTo: client, isClosing: stream.status == .live, at: now, &effects)
        guard stream.status == .live else { return }
        if hasEncoder { requestUplinkInPlaceOfEncoder(&effects) } else { offerToEverybody(at: now, &effects) }
    }

    mutating func leavePlace(_ client: ClientID) throws(MessageError) {
        try onlyAdmin(members[client]?.role, "leave_place")
        if admin == client { place.vacate() }
    }

    /// Whose media the relay shows from now on.
    mutating func uplinkShown(ofStudio isStudio: Bool, at now: Timestamp, _ effects: inout [RoomEffect]) {
        guard stream.status != .ended else { return }
        if isStudio {
            // Who is relayed stays so; who comes from now on may be served by the page.
            if admin != nil { hasEncoder = false }
        } else if !hasEncoder {
            hasEncoder = true
            giveWayToEncoder(&effects)
        }
    }

    /// What broadcasts now is an encoder: the page stops, and is not asked again when the encoder leaves.
    mutating func giveWayToEncoder(_ effects: inout [RoomEffect]) {
        graceEnd = nil
        place.vacate()
        uplink = Uplink()
        for (client, member) in members where member.path == .direct {
            setRacing(false, client)
            members[client]?.isRetryingDirect = false
            members[client]?.raceDeadline = nil
            setPath(.relay, of: client)
            announce(.relay, of: client, reason: "from an encoder", &effects)
        }
        inviteAll(&effects)
    }

    /// Tells each admin what has changed for it since it was last told.
    mutating func tellPlaces(_ effects: inout [RoomEffect]) {
        if stream.broadcaster != broadcaster {
            stream.broadcaster = broadcaster
            changedRecord = stream
            updateIsDue = true
        }
        for client in place.admins where members[client]?.placeTold != placeNews(for: client) {
            tellPlace(to: client, &effects)
        }
    }

    func placeNews(for client: ClientID) -> PlaceNews {
        PlaceNews(hasPlace: admin == client, broadcaster: broadcaster)
    }

    private mutating func tellPlace(to client: ClientID, _ effects: inout [RoomEffect]) {
        let news = placeNews(for: client)
        members[client]?.placeTold = news
        effects.append(.send(.placeChanged(news), to: client))
    }
}

/// What an admin's page knows of who broadcasts.
package struct PlaceNews: Equatable, Sendable {
    /// This page is the one that broadcasts, or would.
    package var hasPlace: Bool
    package var broadcaster: Broadcaster?

    package init(hasPlace: Bool, broadcaster: Broadcaster?) {
        self.hasPlace = hasPlace
        self.broadcaster = broadcaster
    }
}
