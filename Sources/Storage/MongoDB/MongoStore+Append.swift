package import Wire

extension MongoStore {
    /// How many writes go together. The server holds a command to 48 MB; these are 1 MB at most.
    static let partLimit = 256

    /// In order, in parts. Each step may be done twice, so a call that broke off anywhere is done again as a whole:
    /// messages and likes carry their ids, and likes count once (`count`).
    package func append(_ writes: [ShowWrite], to id: StreamID) async throws(StoreError) {
        let database = try await ready()
        var rest = writes[...]
        repeat {
            try await database.append(rest.prefix(Self.partLimit), to: id)
            rest = rest.dropFirst(Self.partLimit)
        } while !rest.isEmpty
    }
}

extension MongoDatabase {
    /// `count` numbers in the order of a livestream's records; the first of them. `.notFound` when it isn't there.
    func allot(_ count: Int, in id: StreamID) async throws(StoreError) -> Int64 {
        let changed = try await change(
            .livestreams, MongoStore.existing(id), ["$inc": ["next_seq": BSONValue(count)]], fields: ["next_seq": 1])
        guard let changed else { throw .notFound(what: "livestream") }
        return try MongoRecord(kind: "counter", fields: changed).integer("next_seq") - Int64(count) + 1
    }

    fileprivate func append(_ writes: ArraySlice<ShowWrite>, to id: StreamID) async throws(StoreError) {
        var sequence = try await allot(writes.count, in: id)
        var (chat, likes, record): ([BSONDocument], [BSONDocument], [Update]) = ([], [], [])
        for write in writes {
            switch write {
            case .chat(let message): chat.append(message.document(stream: id, sequence: sequence))
            case .likes(let batch): likes.append(batch.document(stream: id, sequence: sequence))
            case .started(let time):
                record.append(id.become("live", after: "scheduled", "started_at", time))
            case .ended(let time):
                record.append(id.become("ended", after: "live", "ended_at", time))
            case .peakViewerCount(let count):
                record.append(
                    Update(
                        filter: ["_id": .string(id.text)], change: ["$max": ["peak_viewer_count": BSONValue(count)]]))
            }
            sequence += 1
        }
        _ = try await insert(chat, into: .chat)
        let taken = try await insert(likes, into: .likes).taken
        try await count(likes.enumerated().filter { !taken.contains($0.offset) }.map(\.element), in: id)
        try await countAgain(taken.map { likes[$0] }, in: id)
        // Last: whoever reads that a show has ended finds all of its chat.
        try await update(.livestreams, record)
    }

    /// Of likes that had been there: those that an earlier try has kept and not counted.
    private func countAgain(_ likes: [BSONDocument], in id: StreamID) async throws(StoreError) {
        let ids = likes.compactMap { $0["_id"] }
        guard !ids.isEmpty else { return }
        let left = try await find(
            .likes, ["_id": ["$in": .array(ids)], "stream": .string(id.text), "is_counted": false], limit: ids.count)
        try await count(left, in: id)
    }

    /// Adds likes that are in the database to their livestream's sum, each batch once.
    ///
    /// Sum and name of the batch change in one step, so a batch whose name is there isn't added again. Then it is
    /// marked; only what isn't marked is ever added, so the names needn't be kept for long.
    func count(_ likes: [BSONDocument], in id: StreamID) async throws(StoreError) {
        guard !likes.isEmpty else { return }
        let ids = likes.compactMap { $0["_id"] }
        let additions = likes.map { batch in
            Update(
                filter: ["_id": .string(id.text), "counted": ["$ne": batch["_id"] ?? .null]],
                change: [
                    "$inc": ["likes": batch["count"] ?? 0],
                    "$push": ["counted": ["$each": [batch["_id"] ?? .null], "$slice": -512]],
                ])
        }
        try await update(.livestreams, additions)
        try await update(
            .likes,
            [Update(filter: ["_id": ["$in": .array(ids)]], change: ["$set": ["is_counted": true]], isMany: true)])
    }
}

extension StreamID {
    /// A show starts and ends once: a status that it doesn't come from is left as it is.
    fileprivate func become(
        _ status: BSONValue, after former: BSONValue, _ key: String, _ time: Timestamp
    ) -> MongoDatabase.Update {
        MongoDatabase.Update(
            filter: ["_id": .string(text), "status": former],
            change: ["$set": .document(BSONDocument([("status", status), (key, BSONValue(time))]))])
    }
}
