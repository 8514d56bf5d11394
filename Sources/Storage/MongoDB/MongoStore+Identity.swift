import Wire

extension MongoStore {
    package func identity() async throws(StoreError) -> StoreID {
        let database = try await ready()
        // Of several servers that ask at once the first decides.
        _ = try await database.insert([["_id": "identity", "id": .string(StoreID.random().text)]], into: .meta)
        let found = try await database.find(.meta, ["_id": "identity"], limit: 1).first?["id"]?.string
        guard let id = found.flatMap({ StoreID($0) }) else {
            throw .unavailable(reason: "the store holds no valid name of its own")
        }
        return id
    }

    package func takeIdentity(_ id: StoreID) async throws(StoreError) {
        _ = try await identity()
        try await ready().update(
            .meta, [.init(filter: ["_id": "identity"], change: ["$set": ["id": .string(id.text)]])])
    }
}
