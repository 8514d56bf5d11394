import Wire

/// Places for pinned products. They are in the livestream's own document, so that of several that come at once only as
/// many get one as there are: a document changes in one step, several don't.
extension MongoDatabase {
    /// `.conflict` when all places are taken by others.
    func takePinPlace(_ product: ProductID, in id: StreamID, limit: Int) async throws(StoreError) {
        let name = BSONValue.string(product.text)
        var filter = BSONDocument([("_id", .string(id.text))])
        if limit < .max {
            filter["$or"] = [["pinned": name], .document(BSONDocument([("pinned.\(limit - 1)", ["$exists": false])]))]
        }
        let taken = try await change(
            .livestreams, .document(filter), ["$addToSet": ["pinned": name]], fields: ["_id": 1])
        guard taken != nil else { throw .tooManyPins(limit) }
    }

    func leavePinPlace(_ product: ProductID, in id: StreamID) async throws(StoreError) {
        try await update(
            .livestreams,
            [Update(filter: ["_id": .string(id.text)], change: ["$pull": ["pinned": .string(product.text)]])])
    }

    /// A run that died between a place and its product, and what older releases have pinned: what is pinned decides.
    func reconcilePins() async throws(StoreError) {
        let pinned = try await find(.products, ["is_pinned": true], fields: ["stream": 1], limit: 10_000)
        let byStream = Dictionary(grouping: pinned) { $0["stream"]?.string ?? "" }
        let places = try await find(
            .livestreams, ["pinned.0": ["$exists": true]], fields: ["pinned": 1], limit: 10_000)
        for stream in Set(byStream.keys).union(places.compactMap { $0["_id"]?.string }) {
            let ids = (byStream[stream] ?? []).compactMap { $0["_id"] }
            try await update(
                .livestreams,
                [Update(filter: ["_id": .string(stream)], change: ["$set": ["pinned": .array(ids)]])])
        }
    }
}
