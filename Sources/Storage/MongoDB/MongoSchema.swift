/// The collections' indexes, and how an older database becomes one of today's. Reasons: docs/storage.md.
enum MongoSchema {
    /// The one that this release writes.
    static let version: Int64 = 2

    private static func index(
        _ keys: KeyValuePairs<String, Int64>, where filter: BSONValue? = nil
    ) -> BSONValue {
        var index: BSONDocument = [
            "key": .document(BSONDocument(keys.map { ($0.key, .int64($0.value)) })),
            "name": .string(keys.map { $0.key }.joined(separator: "_")),
        ]
        index["partialFilterExpression"] = filter
        return .document(index)
    }

    private static var indexes: [(MongoDatabase.Collection, [BSONValue])] {
        [
            (
                .livestreams,
                [
                    index(["created_at": 1, "seq": 1]), index(["status": 1, "created_at": 1, "seq": 1]),
                    index(["status": 1, "ended_at": 1]),
                ]
            ),
            (
                .chat,
                [index(["stream": 1, "seq": 1]), index(["stream": 1, "at_ms": 1, "seq": 1]), index(["at": 1])]
            ),
            (
                .likes,
                [
                    index(["stream": 1, "at_ms": 1, "seq": 1]),
                    index(["is_counted": 1], where: ["is_counted": false]),
                ]
            ),
            (.products, [index(["stream": 1, "seq": 1]), index(["stream": 1, "is_pinned": 1, "pin_seq": 1])]),
        ]
    }

    /// Safe to run on several servers at once, and again.
    static func prepare(_ database: MongoDatabase) async throws(StoreError) {
        let found = try await database.find(.meta, ["_id": "schema"], limit: 1).first?["version"]?.integer
        guard found ?? version <= version else {
            throw .newerRelease
        }
        for (collection, indexes) in indexes { try await database.createIndexes(collection, indexes) }
        _ = try await database.insert(
            [["_id": "schema", "version": .int64(version)], ["_id": "livestreams", "next_seq": 0]], into: .meta)
        // So far what an older release wrote differs by its indexes alone, which are made above. A change of documents
        // goes here, before the version says that it is done.
        try await database.update(
            .meta,
            [
                .init(
                    filter: ["_id": "schema", "version": ["$lt": .int64(version)]],
                    change: ["$set": ["version": .int64(version)]])
            ])
    }
}
