package import Wire

extension MongoStore {
    package func latestChat(of id: StreamID, limit: Int) async throws(StoreError) -> [ChatMessage] {
        let database = try await existingStream(id)
        let found = try await database.find(
            .chat, ["stream": .string(id.text)], sort: ["stream": .int32(-1), "seq": .int32(-1)], limit: limit)
        return try found.reversed().map { document throws(StoreError) in try ChatMessage(document: document) }
    }

    package func chat(
        of id: StreamID, _ query: ChatQuery, page: PageRequest
    ) async throws(StoreError) -> Page<ChatMessage> {
        let start = if case .milliseconds = query { Int64?.none } else { try page.sequence }
        let place = if case .milliseconds = query { try page.timePosition } else { TimePosition?.none }
        let database = try await existingStream(id)
        switch query {
        case .all: return try await database.chat(in: id, after: start ?? 0, limit: page.limit)
        case .after(let message):
            let start = if let start { start } else { try await database.sequence(of: message, in: id) }
            return try await database.chat(in: id, after: start, limit: page.limit)
        case .before(let message):
            let end = if let start { start } else { try await database.sequence(of: message, in: id) }
            return try await database.chat(in: id, before: end, limit: page.limit)
        case .milliseconds(let span):
            let found = try await database.span(.chat, of: id, span, after: place, limit: page.limit)
            return try Page(records: found, limit: page.limit, cursor: \.timeCursor) { document throws(StoreError) in
                try ChatMessage(document: document)
            }
        }
    }

    package func deleteChat(_ message: MessageID, of id: StreamID) async throws(StoreError) {
        let database = try await existingStream(id)
        let filter: BSONValue = ["_id": .string(message.text), "stream": .string(id.text)]
        guard try await database.delete(.chat, filter, isMany: false) else { throw .notFound(what: "message") }
    }

    package func likes(
        of id: StreamID, milliseconds span: ClosedRange<Int64>, page: PageRequest
    ) async throws(StoreError) -> Page<LikeBatch> {
        let place = try page.timePosition
        let database = try await existingStream(id)
        let found = try await database.span(.likes, of: id, span, after: place, limit: page.limit)
        return try Page(records: found, limit: page.limit, cursor: \.timeCursor) { document throws(StoreError) in
            try LikeBatch(document: document)
        }
    }

    /// The database, when it holds this livestream.
    func existingStream(_ id: StreamID) async throws(StoreError) -> MongoDatabase {
        let database = try await ready()
        guard try await !database.find(.livestreams, Self.existing(id), fields: ["_id": 1], limit: 1).isEmpty else {
            throw .notFound(what: "livestream")
        }
        return database
    }
}

extension MongoDatabase {
    fileprivate func sequence(of message: MessageID, in id: StreamID) async throws(StoreError) -> Int64 {
        let filter: BSONValue = ["_id": .string(message.text), "stream": .string(id.text)]
        guard let found = try await find(.chat, filter, limit: 1).first else { throw .notFound(what: "message") }
        return try MongoRecord(kind: "chat message", fields: found).integer("seq")
    }

    fileprivate func chat(
        in id: StreamID, after start: Int64, limit: Int
    ) async throws(StoreError) -> Page<ChatMessage> {
        let found = try await find(
            .chat, ["stream": .string(id.text), "seq": ["$gt": .int64(start)]],
            sort: ["stream": .int32(1), "seq": .int32(1)], limit: limit + 1)
        return try Page(records: found, limit: limit, cursor: \.sequenceCursor) { document throws(StoreError) in
            try ChatMessage(document: document)
        }
    }

    /// The newest of what is older, told oldest first.
    fileprivate func chat(
        in id: StreamID, before end: Int64, limit: Int
    ) async throws(StoreError) -> Page<ChatMessage> {
        let found = try await find(
            .chat, ["stream": .string(id.text), "seq": ["$lt": .int64(end)]],
            sort: ["stream": .int32(-1), "seq": .int32(-1)], limit: limit + 1)
        var page = try Page(records: found, limit: limit, cursor: \.sequenceCursor) { document throws(StoreError) in
            try ChatMessage(document: document)
        }
        page.items.reverse()
        return page
    }

    /// One more than `limit` of a span of the stream's clock, behind `place`.
    fileprivate func span(
        _ collection: Collection, of id: StreamID, _ span: ClosedRange<Int64>, after place: TimePosition?, limit: Int
    ) async throws(StoreError) -> [BSONDocument] {
        let start = place ?? TimePosition(time: span.lowerBound, sequence: 0)
        return try await find(
            collection,
            [
                "stream": .string(id.text), "at_ms": ["$gte": .int64(start.time), "$lte": .int64(span.upperBound)],
                "$or": [["at_ms": ["$gt": .int64(start.time)]], ["seq": ["$gt": .int64(start.sequence)]]],
            ],
            sort: ["stream": .int32(1), "at_ms": .int32(1), "seq": .int32(1)], limit: limit + 1)
    }
}

extension BSONDocument {
    fileprivate var sequenceCursor: String { "\(self["seq"]?.integer ?? 0)" }

    fileprivate var timeCursor: String {
        TimePosition(time: self["at_ms"]?.integer ?? 0, sequence: self["seq"]?.integer ?? 0).cursor
    }
}
