package import Wire

extension MongoStore {
    package func eraseName(_ name: String, of id: StreamID) async throws(StoreError) -> Int {
        try await existingStream(id).update(
            .chat,
            [
                MongoDatabase.Update(
                    filter: ["stream": .string(id.text), "name": .string(name)],
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
