import MongoDriver

/// MongoDB's commands, as far as the store uses them: typed, bounded in time, and each safe to be sent twice.
///
/// Only what every server has: no transactions, no pipelines in updates, no cursors that live on the server.
struct MongoDatabase: Sendable {
    enum Collection: String, CaseIterable, Sendable {
        case livestreams, products, likes
        case chat = "chat_messages"
        /// The schema's version, and the counter that orders livestreams.
        case meta = "vitrine"
    }

    /// On the disks of most servers before it is acknowledged: `j` is for one that stands alone.
    private static let writeConcern: BSONValue = ["w": "majority", "j": true, "wtimeout": .int64(8_000)]
    private static let readTime: BSONValue = .int64(8_000)
    static let duplicateKey: Int64 = 11_000

    let pool: MongoPool

    func find(
        _ collection: Collection, _ filter: BSONValue, fields: BSONValue = [:], sort: BSONValue = [:], limit: Int
    ) async throws(StoreError) -> [BSONDocument] {
        var command = BSONDocument([("find", .string(collection.rawValue)), ("filter", filter)])
        if fields != [:] { command["projection"] = fields }
        if sort != [:] { command["sort"] = sort }
        let count = Int64(limit)
        command["limit"] = .int64(count)
        // All in one reply: nothing stays open on the server, and a page can be asked of another one.
        command["batchSize"] = .int64(count)
        command["singleBatch"] = true
        command["maxTimeMS"] = Self.readTime
        let reply = try await run(command, .read).document
        guard let batch = reply["cursor"]?.document?["firstBatch"]?.array else { throw Self.strange(reply) }
        return batch.compactMap(\.document)
    }

    /// Puts in what isn't there, and gives the places of those whose id is.
    func insert(_ documents: [BSONDocument], into collection: Collection) async throws(StoreError) -> Inserted {
        guard !documents.isEmpty else { return Inserted(taken: [], isRepeated: false) }
        let reply = try await run(
            [
                "insert": .string(collection.rawValue), "documents": .array(documents.map { .document($0) }),
                "ordered": false, "writeConcern": Self.writeConcern,
            ], .write)
        var taken: Set<Int> = []
        for error in reply.document["writeErrors"]?.array ?? [] {
            guard error.document?["code"]?.integer == Self.duplicateKey,
                let index = error.document?["index"]?.integer
            else { throw Self.refusal(error.document) }
            taken.insert(Int(index))
        }
        try Self.checkConcern(reply.document)
        return Inserted(taken: taken, isRepeated: reply.isRepeated)
    }

    struct Inserted {
        let taken: Set<Int>
        /// A taken id may be this insert's own, from the first time.
        let isRepeated: Bool
    }

    /// In order, up to the first that fails; how many documents were found.
    @discardableResult
    func update(_ collection: Collection, _ statements: [Update]) async throws(StoreError) -> Int {
        guard !statements.isEmpty else { return 0 }
        let updates = statements.map { BSONValue.document($0.document) }
        let reply = try await run(
            [
                "update": .string(collection.rawValue), "updates": .array(updates), "ordered": true,
                "writeConcern": Self.writeConcern,
            ], .write)
        try Self.checkWrites(reply.document)
        return Int(clamping: reply.document["n"]?.integer ?? 0)
    }

    struct Update {
        var filter: BSONValue
        var change: BSONValue
        var isMany = false

        fileprivate var document: BSONDocument { ["q": filter, "u": change, "multi": .bool(isMany)] }
    }

    /// False when there was nothing to delete.
    @discardableResult
    func delete(_ collection: Collection, _ filter: BSONValue, isMany: Bool) async throws(StoreError) -> Bool {
        let reply = try await run(
            [
                "delete": .string(collection.rawValue),
                "deletes": [["q": filter, "limit": .int32(isMany ? 0 : 1)]], "ordered": true,
                "writeConcern": Self.writeConcern,
            ], .write)
        try Self.checkWrites(reply.document)
        return reply.document["n"]?.integer != 0 || reply.isRepeated
    }

    /// Changes one document and gives it as it is then; nil when there is none.
    func change(
        _ collection: Collection, _ filter: BSONValue, _ change: BSONValue, fields: BSONValue = [:]
    ) async throws(StoreError) -> BSONDocument? {
        var command: BSONDocument = [
            "findAndModify": .string(collection.rawValue), "query": filter, "update": change, "new": true,
            "writeConcern": Self.writeConcern, "maxTimeMS": Self.readTime,
        ]
        if fields != [:] { command["fields"] = fields }
        let reply = try await run(command, .write).document
        try Self.checkConcern(reply)
        return reply["value"]?.document
    }

    func createIndexes(_ collection: Collection, _ indexes: [BSONValue]) async throws(StoreError) {
        _ = try await run(
            [
                "createIndexes": .string(collection.rawValue), "indexes": .array(indexes),
                "writeConcern": ["w": "majority"],
            ], .write)
    }

    func ping() async throws(StoreError) {
        _ = try await run(["ping": 1], .read)
    }

    private func run(
        _ command: BSONDocument, _ access: MongoPool.Access
    ) async throws(StoreError) -> (document: BSONDocument, isRepeated: Bool) {
        let reply: MongoPool.Reply
        do {
            reply = try await pool.run(command.bytes, access)
        } catch {
            throw .unavailable(reason: "MongoDB: \(error)")
        }
        do {
            return (try BSONDocument(bytes: reply.bytes), reply.isRepeated)
        } catch {
            throw .unavailable(reason: "MongoDB: the reply is no BSON")
        }
    }

    private static func checkWrites(_ reply: BSONDocument) throws(StoreError) {
        if let error = reply["writeErrors"]?.array?.first { throw refusal(error.document) }
        try checkConcern(reply)
    }

    /// What most servers don't have yet may be lost, so it isn't done.
    private static func checkConcern(_ reply: BSONDocument) throws(StoreError) {
        if let error = reply["writeConcernError"] { throw refusal(error.document) }
    }

    private static func refusal(_ error: BSONDocument?) -> StoreError {
        .unavailable(reason: "MongoDB: \(error?["errmsg"]?.string ?? "a write failed")")
    }

    private static func strange(_ reply: BSONDocument) -> StoreError {
        .unavailable(reason: "MongoDB: a reply without a cursor")
    }
}
