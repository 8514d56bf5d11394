package import Wire

extension MongoStore {
    package func create(_ stream: Livestream) async throws(StoreError) {
        let database = try await ready()
        let sequence = try await database.nextLivestreamSequence()
        let inserted = try await database.insert([stream.document(sequence: sequence)], into: .livestreams)
        guard inserted.taken.isEmpty || inserted.isRepeated else { throw .conflict(reason: "The id is taken.") }
    }

    package func livestream(_ id: StreamID) async throws(StoreError) -> Livestream {
        let database = try await ready()
        let found = try await database.find(.livestreams, Self.existing(id), limit: 1).first
        guard let found else { throw .notFound(what: "livestream") }
        return try await database.livestreams([found])[0]
    }

    package func livestreams(
        status: Livestream.Status?, page: PageRequest
    ) async throws(StoreError) -> Page<Livestream> {
        let before = try page.timePosition
        let database = try await ready()
        var filter: BSONDocument = [
            "status": status.map { .string($0.rawValue) } ?? ["$ne": Livestream.deletedStatus]
        ]
        if let before {
            let time = BSONValue.dateTime(before.time)
            filter["created_at"] = ["$lte": time]
            filter["$or"] = [["created_at": ["$lt": time]], ["seq": ["$lt": .int64(before.sequence)]]]
        }
        let found = try await database.find(
            .livestreams, .document(filter), sort: ["created_at": .int32(-1), "seq": .int32(-1)], limit: page.limit + 1)
        let streams = try await database.livestreams(Array(found.prefix(page.limit)))
        let place = try found.dropLast(found.count > page.limit ? 1 : 0).last.map { last throws(StoreError) in
            let record = MongoRecord(kind: "livestream", fields: last)
            return TimePosition(
                time: try record.time("created_at").milliseconds, sequence: try record.integer("seq"))
        }
        return Page(items: streams, nextCursor: found.count > page.limit ? place?.cursor : nil)
    }

    package func update(
        _ id: StreamID, with changes: LivestreamChanges
    ) async throws(StoreError) -> Livestream {
        var set = BSONDocument()
        set["title"] = changes.title.map { .string($0) }
        set["description"] = changes.description.map { .string($0) }
        set["scheduled_at"] = changes.scheduledAt.map { BSONValue($0) }
        set["delivery.mode"] = changes.deliveryMode.map { .string($0.rawValue) }
        set["delivery.max_direct_viewers"] = changes.maxDirectViewers.map { BSONValue($0) }
        guard !set.fields.isEmpty else { return try await livestream(id) }
        let database = try await ready()
        let changed = try await database.change(.livestreams, Self.existing(id), ["$set": .document(set)])
        guard let changed else { throw .notFound(what: "livestream") }
        return try await database.livestreams([changed])[0]
    }

    package func setRecording(_ recording: Recording?, of id: StreamID) async throws(StoreError) {
        let changed = try await ready().change(
            .livestreams, Self.existing(id), ["$set": ["recording": recording?.value ?? .null]], fields: ["_id": 1])
        guard changed != nil else { throw .notFound(what: "livestream") }
    }

    package func delete(_ id: StreamID) async throws(StoreError) {
        let database = try await ready()
        let hidden = try await database.change(
            .livestreams, ["_id": .string(id.text), "status": ["$ne": "live"]],
            ["$set": ["status": Livestream.deletedStatus]], fields: ["_id": 1])
        if hidden == nil {
            _ = try await livestream(id)
            throw .conflict(reason: "The show is live: end it first.")
        }
        try await database.finishDeletion(of: id)
    }

    /// A livestream that is there, and not being deleted.
    static func existing(_ id: StreamID) -> BSONValue {
        ["_id": .string(id.text), "status": ["$ne": Livestream.deletedStatus]]
    }
}

extension MongoDatabase {
    /// Orders livestreams that were made in the same millisecond.
    func nextLivestreamSequence() async throws(StoreError) -> Int64 {
        let counter = try await change(.meta, ["_id": "livestreams"], ["$inc": ["next_seq": 1]])
        return try MongoRecord(kind: "counter", fields: counter ?? [:]).integer("next_seq")
    }

    /// The records of these documents, with what is pinned now: one more question, however many they are.
    fileprivate func livestreams(_ documents: [BSONDocument]) async throws(StoreError) -> [Livestream] {
        guard !documents.isEmpty else { return [] }
        let ids = documents.compactMap { $0["_id"] }
        let pinned = try await find(
            .products, ["stream": ["$in": .array(ids)], "is_pinned": true],
            sort: ["stream": .int32(1), "is_pinned": .int32(1), "pin_seq": .int32(1)], limit: 10_000)
        let byStream = Dictionary(grouping: pinned) { $0["stream"]?.string }
        return try documents.map { document throws(StoreError) in
            let products = try (byStream[document["_id"]?.string] ?? []).map { product throws(StoreError) in
                try Product(document: product)
            }
            return try Livestream(document: document, pinned: products)
        }
    }

    /// The record goes last: while it is there, hidden, a deletion that broke off is found and finished.
    func finishDeletion(of id: StreamID) async throws(StoreError) {
        for collection in [Collection.chat, .likes, .products] {
            try await delete(collection, ["stream": .string(id.text)], isMany: true)
        }
        try await delete(.livestreams, ["_id": .string(id.text)], isMany: false)
    }

    /// What a run that died has begun: deletions, and likes that are kept but not counted.
    func finishWhatWasLeft() async throws(StoreError) {
        while let left = try await find(.livestreams, ["status": Livestream.deletedStatus], limit: 1).first {
            guard let id = StreamID(left["_id"]?.string ?? "") else { break }
            try await finishDeletion(of: id)
        }
        while true {
            let left = try await find(.likes, ["is_counted": false], limit: MongoStore.partLimit)
            guard let stream = left.first?["stream"]?.string, let id = StreamID(stream) else { break }
            try await count(left.filter { $0["stream"]?.string == stream }, in: id)
        }
        try await reconcilePins()
    }
}
