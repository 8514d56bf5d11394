internal import Wire

/// Start and end.
extension Room {
    mutating func start(
        by client: ClientID, at now: Timestamp, _ effects: inout [RoomEffect]
    ) throws(MessageError) {
        try onlyAdmin(members[client]?.role, "start_stream")
        switch stream.status {
        case .scheduled where !pendingStart:
            give(placeTo: client, isClosing: false, at: now, &effects)
            pendingStart = true
            effects.append(.store(.started(at: now)))
        case .scheduled, .live:
            throw MessageError(code: .alreadyLive, message: "The show is live already.", inReplyTo: "start_stream")
        case .ended:
            throw MessageError(
                code: .streamEnded, message: "The show is over: create another.", inReplyTo: "start_stream")
        }
    }

    mutating func end(by role: ClientRole, at now: Timestamp, _ effects: inout [RoomEffect]) throws(MessageError) {
        try onlyAdmin(role, "end_stream")
        guard stream.status == .live, !pendingEnd else {
            throw MessageError(code: .notLive, message: "The show isn't live.", inReplyTo: "end_stream")
        }
        storeEnd(at: now, &effects)
    }

    func onlyAdmin(_ role: ClientRole?, _ type: String) throws(MessageError) {
        guard role == .admin else {
            throw MessageError(code: .forbidden, message: "Only the admin may do this.", inReplyTo: type)
        }
    }

    private mutating func storeEnd(at now: Timestamp, _ effects: inout [RoomEffect]) {
        pendingEnd = true
        graceEnd = nil
        effects.append(.store(.ended(at: now)))
    }

    mutating func endForLackOfAdmin(at now: Timestamp, _ effects: inout [RoomEffect]) {
        storeEnd(at: now, &effects)
    }

    mutating func encoderStarted(at now: Timestamp, _ effects: inout [RoomEffect]) {
        // A page that is on air stays so until the encoder's media have come.
        if broadcaster != .studio {
            hasEncoder = true
            giveWayToEncoder(&effects)
        }
        guard stream.status == .scheduled, !pendingStart else { return }
        pendingStart = true
        effects.append(.store(.started(at: now)))
    }

    /// A live show whose admin is away goes on for a while: most come back.
    mutating func startGraceIfAlone(at now: Timestamp) {
        guard stream.status == .live, admin == nil, !hasEncoder, !pendingEnd, graceEnd == nil else { return }
        graceEnd = now.advanced(byMilliseconds: configuration.adminGraceMS)
    }

    mutating func didStart(at time: Timestamp, now: Timestamp, _ effects: inout [RoomEffect]) {
        pendingStart = false
        guard stream.status == .scheduled else { return }
        stream.status = .live
        stream.startedAt = time
        stream.broadcaster = broadcaster
        effects.append(.broadcast(.streamStarted(stream)))
        for (client, member) in members where member.role == .customer { choosePath(for: client, at: now, &effects) }
        warmUplink(&effects)
    }

    mutating func didNotStart(at now: Timestamp, _ effects: inout [RoomEffect]) {
        pendingStart = false
        if let admin { refuse(admin, Self.storeIsAway(inReplyTo: "start_stream"), at: now, &effects) }
    }

    mutating func didEnd(at time: Timestamp, _ effects: inout [RoomEffect]) {
        pendingEnd = false
        guard stream.status == .live else { return }
        stream.status = .ended
        stream.endedAt = time
        for client in members.keys {
            dismissFromRelay(client, &effects)
            members[client]?.isRetryingDirect = false
            members[client]?.raceDeadline = nil
            setRacing(false, client)
            setPath(nil, of: client)
        }
        nextRace = nil
        uplink = Uplink()
        hasEncoder = false
        stream.broadcaster = nil
        effects.append(.broadcast(.streamEnded(stream)))
        effects.append(.relay(.endAll))
    }

    /// With an admin there it is the admin's to try again; without one the room tries by itself.
    mutating func didNotEnd(at now: Timestamp, _ effects: inout [RoomEffect]) {
        pendingEnd = false
        if let admin {
            refuse(admin, Self.storeIsAway(inReplyTo: "end_stream"), at: now, &effects)
        } else {
            graceEnd = now.advanced(byMilliseconds: configuration.retryIntervalMS)
        }
    }

    static func storeIsAway(inReplyTo type: String) -> MessageError {
        MessageError(
            code: .unavailable, message: "This can't be stored now. Try again in a few seconds.", inReplyTo: type)
    }

    /// Takes what REST may change from `record`, which is what the store has; the rest is the room's own.
    mutating func takeRecord(_ record: Livestream, _ effects: inout [RoomEffect]) {
        let before = stream
        stream.title = record.title
        stream.description = record.description
        stream.scheduledAt = record.scheduledAt
        stream.delivery = record.delivery
        stream.recording = record.recording
        takePins(record.pinnedProducts, &effects)
        var same = before
        same.pinnedProducts = stream.pinnedProducts
        guard stream != same else { return }
        changedRecord = stream
        updateIsDue = true
        if stream.delivery.mode == .direct { releaseUplink(&effects) } else { warmUplink(&effects) }
    }

    private mutating func takePins(_ products: [Product], _ effects: inout [RoomEffect]) {
        let before = stream.pinnedProducts
        stream.pinnedProducts = products
        for product in before where !products.contains(where: { $0.id == product.id }) {
            effects.append(.broadcast(.productUnpinned(product.id)))
        }
        for product in products where !before.contains(product) { effects.append(.broadcast(.productPinned(product))) }
    }
}
