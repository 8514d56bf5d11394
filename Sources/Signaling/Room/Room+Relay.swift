internal import Wire

/// What a room knows of the admin's uplink to the relay.
struct Uplink: Equatable, Sendable {
    enum State: Sendable {
        case none
        /// The admin has been asked for it.
        case requested
        case standing
    }

    var state = State.none
    /// The admin has been asked to let its media flow.
    var isFlowing = false
    /// When the media stops for lack of viewers.
    var idleEnd: Timestamp?
    /// The admin has been told of the codec that somebody doesn't play.
    var unplayed: String?
}

/// The relay as a peer: to the admin one more viewer that answers, to a viewer one more admin that offers.
extension Room {
    /// Has the relay offer to this viewer as soon as it can.
    mutating func serveByRelay(_ client: ClientID, _ effects: inout [RoomEffect]) {
        if !hasEncoder { wantUplink(media: true, &effects) }
        guard hasEncoder || uplink.state == .standing, members[client]?.isInvited == false else { return }
        members[client]?.isInvited = true
        members[client]?.hasRelaySession = true
        tellQuality(.good, to: client, &effects)  // of the new session nothing else is known
        effects.append(.relay(.invite(client)))
    }

    /// Has the relay let go of what it keeps for this viewer.
    mutating func dismissFromRelay(_ client: ClientID, _ effects: inout [RoomEffect]) {
        members[client]?.isInvited = false
        guard members[client]?.hasRelaySession == true else { return }
        members[client]?.hasRelaySession = false
        effects.append(.relay(.dismiss(client)))
    }

    /// In a live show that may be relayed, the uplink's connection stands before anybody needs it: a switch must not wait
    /// for a handshake on the admin's side.
    mutating func warmUplink(_ effects: inout [RoomEffect]) {
        guard stream.status == .live, stream.delivery.mode != .direct, configuration.relayIsAvailable, !hasEncoder
        else { return }
        wantUplink(media: false, &effects)
    }

    private mutating func wantUplink(media: Bool, _ effects: inout [RoomEffect]) {
        guard let admin, uplink.state == .none || (media && !uplink.isFlowing) else { return }
        let isFresh = uplink.state == .none
        if isFresh { uplink.state = .requested }
        uplink.isFlowing = media
        effects.append(.send(.uplinkRequested(media: media, fresh: isFresh), to: admin))
    }

    /// Whether this one's offer to the relay is taken. A place that is empty is taken by offering.
    mutating func mayPublish(_ client: ClientID) -> Bool {
        guard members[client]?.role == .admin else { return false }
        if admin == nil { _ = place.take(client) }
        return admin == client
    }

    /// Who watches by an offer of his own needs the uplink as a relayed viewer does.
    mutating func playersChanged(to count: Int, _ effects: inout [RoomEffect]) {
        players = count
        guard count > 0, stream.status == .live, !hasEncoder else { return }
        wantUplink(media: true, &effects)
    }

    /// The page's uplink, whose media take the encoder's place when they come.
    mutating func requestUplinkInPlaceOfEncoder(_ effects: inout [RoomEffect]) {
        uplink = Uplink()
        wantUplink(media: true, &effects)
    }

    /// A new admin socket: if its page was reloaded, the uplink it had is dead; if not, it ignores this.
    mutating func requestUplinkAgain(_ effects: inout [RoomEffect]) {
        guard let admin, uplink.state != .none else { return warmUplink(&effects) }
        effects.append(.send(.uplinkRequested(media: uplink.isFlowing, fresh: false), to: admin))
    }

    /// Pauses the uplink's media some time after the last viewer has stopped to need it.
    mutating func pauseIdleUplink(at now: Timestamp, _ effects: inout [RoomEffect]) {
        guard uplink.isFlowing, relayUsers == 0, players == 0 else { return uplink.idleEnd = nil }
        let end = uplink.idleEnd ?? now.advanced(byMilliseconds: configuration.uplinkIdleMS)
        uplink.idleEnd = end
        guard end <= now, let admin else { return }
        uplink.isFlowing = false
        uplink.idleEnd = nil
        effects.append(.send(.uplinkRequested(media: false, fresh: false), to: admin))
    }

    /// The show is not relayed any more.
    mutating func releaseUplink(_ effects: inout [RoomEffect]) {
        guard uplink.state != .none else { return }
        uplink = Uplink()
        if let admin { effects.append(.send(.uplinkReleased, to: admin)) }
    }

    mutating func uplinkStands(answer: String, _ effects: inout [RoomEffect]) {
        uplink.state = .standing
        if let admin { effects.append(.send(.answer(from: .relay, sdp: answer), to: admin)) }
        inviteAnew(&effects)
    }

    /// Another uplink than before has other sources: a fresh connection shows them for certain.
    mutating func inviteAnew(_ effects: inout [RoomEffect]) {
        for client in members.keys { members[client]?.isInvited = false }
        inviteAll(&effects)
    }

    mutating func inviteAll(_ effects: inout [RoomEffect]) {
        for (client, member) in members where member.usesRelay {
            serveByRelay(client, &effects)
        }
    }

    func offerByRelay(to client: ClientID, sdp: String, _ effects: inout [RoomEffect]) {
        guard members[client]?.isInvited == true else { return effects.append(.relay(.dismiss(client))) }
        effects.append(.send(.offer(from: .relay, sdp: sdp), to: client))
    }

    /// A viewer has no picture, and it is nobody's network: he learns it in words, and once the one who can change it.
    mutating func tellOfCodec(
        _ codec: String, _ client: ClientID, at now: Timestamp, _ effects: inout [RoomEffect]
    ) {
        let browser = "This browser can't play the picture's format, \(codec). Try another browser."
        refuse(
            client, MessageError(code: .codecNotPlayed, message: browser, inReplyTo: "webrtc_answer"), at: now, &effects
        )
        guard !place.admins.isEmpty, uplink.unplayed != codec else { return }
        uplink.unplayed = codec
        let advice = "Some viewers can't play \(codec) and only hear the show. VP8 or H.264 baseline is played by all."
        for admin in place.admins {
            effects.append(.send(.error(MessageError(code: .codecNotPlayed, message: advice)), to: admin))
        }
    }

    /// A viewer learns what his link lets through, once for each change.
    mutating func tellQuality(_ quality: ViewingQuality, to client: ClientID, _ effects: inout [RoomEffect]) {
        guard let member = members[client], member.quality != quality else { return }
        members[client]?.quality = quality
        effects.append(.send(.quality(quality), to: client))
    }

    /// What a viewer saw is counted, not answered.
    mutating func take(
        _ report: ViewReport, from client: ClientID, at now: Timestamp, _ effects: inout [RoomEffect]
    ) throws(MessageError) {
        try admitView(of: client, "view_report", at: now)
        effects.append(.viewed(report))
    }

    mutating func take(_ size: ViewSize, from client: ClientID, at now: Timestamp) throws(MessageError) {
        try admitView(of: client, "view_size", at: now)
        members[client]?.viewSize = size
    }

    private mutating func admitView(of client: ClientID, _ type: String, at now: Timestamp) throws(MessageError) {
        guard members[client]?.role == .customer else {
            throw MessageError(code: .forbidden, message: "Only viewers say what they see.", inReplyTo: type)
        }
        guard members[client]?.signaling.take(at: now) == true else {
            throw MessageError(code: .rateLimited, message: "Too many messages.", inReplyTo: type)
        }
    }

    mutating func uplinkEnded(_ effects: inout [RoomEffect]) {
        hasEncoder = false
        uplink = Uplink()
        for (client, member) in members where member.usesRelay { members[client]?.isInvited = false }
        guard stream.status == .live, !pendingEnd else { return }
        if relayUsers > 0 || players > 0 { wantUplink(media: true, &effects) } else { warmUplink(&effects) }
    }
}
