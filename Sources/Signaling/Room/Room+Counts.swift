internal import Wire

/// Likes and viewers: many changes, few messages.
///
/// The first change after a quiet time goes out at once, the rest at most ten times a second, the last state always.
extension Room {
    /// `name`: what the client calls this batch. One that it sends again counts once.
    mutating func like(
        _ client: ClientID, count: Int, batch name: String?, at now: Timestamp, _ effects: inout [RoomEffect]
    ) throws(MessageError) {
        guard let member = members[client] else { return }
        if member.role == .customer, members[client]?.likes.take(count, at: now) == false {
            throw MessageError(
                code: .rateLimited, message: "Ten likes a second are enough.", inReplyTo: "like", about: name)
        }
        guard let name else { return likes.add(count) }
        let id = Identifier<LikeBatch>(of: [stream.id.text, member.role.rawValue, member.name, "\(count)", name])
        switch receipts.admit(id, from: client, named: name) {
        case .new: likes.add(LikeBatch(id: id, count: count, atMS: stream.clock(at: now)))
        case .known: break
        case .stored: effects.append(.send(.likesAccepted(name: name), to: client))
        }
    }

    mutating func didStoreLikes(_ batch: LikeBatch) {
        guard likes.didStore(batch.id) else { return }
        stream.likes += batch.count
        updateIsDue = true
    }

    mutating func didNotStoreLikes(_ batch: LikeBatch, at now: Timestamp, _ effects: inout [RoomEffect]) {
        if likes.dropNamed(batch.id) {
            guard let (client, name) = receipts.refuse(batch.id) else { return }
            var error = Self.storeIsAway(inReplyTo: "like")
            error.about = name
            return refuse(client, error, at: now, &effects)
        }
        likes.didNotStore()
        nextUpdate = now.advanced(byMilliseconds: configuration.retryIntervalMS)
    }

    /// Stores likes and tells counts when their time has come, and sets the time for what must wait.
    mutating func updateCounts(
        at now: Timestamp, using generator: inout some RandomNumberGenerator, _ effects: inout [RoomEffect]
    ) {
        guard updateIsDue || likes.isReady else {
            nextUpdate = nil
            return
        }
        if let nextUpdate, now < nextUpdate { return }
        nextUpdate = nil
        for batch in likes.takeNamed() { effects.append(.store(.likes(batch))) }
        if let batch = likes.nextBatch(atMS: stream.clock(at: now), using: &generator) {
            effects.append(.store(.likes(batch)))
        }
        guard updateIsDue else { return }
        if let lastUpdate {
            let earliest = lastUpdate.advanced(byMilliseconds: configuration.updateIntervalMS)
            guard now >= earliest else {
                nextUpdate = earliest
                return
            }
        }
        sendUpdate(at: now, &effects)
    }

    private mutating func sendUpdate(at now: Timestamp, _ effects: inout [RoomEffect]) {
        updateIsDue = false
        lastUpdate = now
        let update = StreamUpdate(
            likes: stream.likes, viewerCount: stream.viewerCount, peakViewerCount: stream.peakViewerCount,
            changed: changedRecord)
        changedRecord = nil
        if !members.isEmpty { effects.append(.broadcast(.streamUpdate(update))) }
        if stream.peakViewerCount > peakInStore { effects.append(.store(.peakViewerCount(stream.peakViewerCount))) }
    }
}
