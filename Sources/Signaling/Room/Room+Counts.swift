internal import Wire

/// Likes and viewers: many changes, few messages.
///
/// The first change after a quiet time goes out at once, the rest at most ten times a second, the last state always.
extension Room {
    mutating func like(_ client: ClientID, at now: Timestamp) throws(MessageError) {
        guard let member = members[client] else { return }
        if member.role == .customer, members[client]?.likes.take(at: now) == false {
            throw MessageError(code: .rateLimited, message: "Ten likes a second are enough.", inReplyTo: "like")
        }
        likes.add()
    }

    mutating func didStoreLikes(_ batch: LikeBatch) {
        guard likes.inFlight?.id == batch.id else { return }
        likes.didStore()
        stream.likes += batch.count
        updateIsDue = true
    }

    mutating func didNotStoreLikes(at now: Timestamp) {
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
