package import Wire

extension MongoStore {
    package func restore(_ stream: Livestream) async throws(StoreError) {
        let database = try await ready()
        var document = stream.document(sequence: 0)
        document["recording"] = stream.recording?.value ?? .null
        var set = document
        for key in ["_id", "seq", "likes", "next_seq", "counted"] { set[key] = nil }
        let changed = try await database.change(
            .livestreams, ["_id": .string(stream.id.text)], ["$set": .document(set)], fields: ["_id": 1])
        guard changed == nil else { return }
        document["seq"] = .int64(try await database.nextLivestreamSequence())
        document["likes"] = 0
        // One that is there now was put in by another copy at the same time, and is the same.
        _ = try await database.insert([document], into: .livestreams)
    }

    package func restore(_ product: Product, of id: StreamID) async throws(StoreError) {
        let database = try await ready()
        let sequence = try await database.allot(1, in: id)
        let document = product.document(stream: id, sequence: sequence)
        var set = document
        for key in ["_id", "stream", "seq"] { set[key] = nil }
        let changed = try await database.change(
            .products, ["_id": .string(product.id.text), "stream": .string(id.text)], ["$set": .document(set)],
            fields: ["_id": 1])
        guard changed == nil else { return }
        let inserted = try await database.insert([document], into: .products)
        guard inserted.taken.isEmpty || inserted.isRepeated else { throw .conflict(reason: "The id is taken.") }
    }
}
