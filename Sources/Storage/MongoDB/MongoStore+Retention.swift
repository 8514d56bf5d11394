package import Wire

extension MongoStore {
    package func eraseName(_ name: String, of id: StreamID) async throws(StoreError) -> Int {
        let database = try await existingStream(id)
        let key = VisibleText.key(name)
        let spellings = try await database.names(of: id).filter { VisibleText.key($0) == key }
        guard !spellings.isEmpty else { return 0 }
        return try await database.update(
            .chat,
            [
                MongoDatabase.Update(
                    filter: [
                        "stream": .string(id.text), "name": ["$in": .array(spellings.map { .string($0) })],
                    ],
                    change: ["$set": ["name": .string(ChatMessage.anonymousName)]], isMany: true)
            ])
    }

    package func deleteChat(before time: Timestamp, limit: Int) async throws(StoreError) -> Int {
        let database = try await ready()
        let old = try await database.find(
            .chat, ["at": ["$lt": BSONValue(time)]], fields: ["_id": 1], sort: ["at": .int32(1)], limit: limit)
        guard !old.isEmpty else { return 0 }
        try await database.delete(.chat, ["_id": ["$in": .array(old.compactMap { $0["_id"] })]], isMany: true)
        return old.count
    }

    package func recordedLivestreams(
        endedBefore time: Timestamp, limit: Int
    ) async throws(StoreError) -> [StreamID] {
        let found = try await ready().find(
            .livestreams,
            ["status": "ended", "ended_at": ["$lt": BSONValue(time)], "recording": ["$ne": .null]],
            fields: ["_id": 1], sort: ["status": .int32(1), "ended_at": .int32(1)], limit: limit)
        return found.compactMap { $0["_id"]?.string }.compactMap(StreamID.init)
    }
}

extension MongoDatabase {
    private static let namesPage = 1_000

    /// Who has said something in this livestream, each spelling once.
    fileprivate func names(of id: StreamID) async throws(StoreError) -> [String] {
        var names = Spellings()
        var last: Int64 = -1
        while true {
            let found = try await find(
                .chat, ["stream": .string(id.text), "seq": ["$gt": .int64(last)]], fields: ["name": 1, "seq": 1],
                sort: ["stream": .int32(1), "seq": .int32(1)], limit: Self.namesPage)
            for name in found.compactMap({ $0["name"]?.string }) { names.insert(name) }
            guard found.count == Self.namesPage, let next = found.last?["seq"]?.integer else {
                return names.all
            }
            last = next
        }
    }
}
