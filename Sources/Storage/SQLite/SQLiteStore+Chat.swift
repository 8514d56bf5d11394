import GRDB
package import Wire

extension SQLiteStore {
    package func latestChat(of id: StreamID, limit: Int) async throws(StoreError) -> [ChatMessage] {
        try await read { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT * FROM chat_messages WHERE stream = ? ORDER BY seq DESC LIMIT ?",
                arguments: [db.sequence(of: id), limit])
            return try rows.reversed().map(ChatMessage.init(row:))
        }
    }

    package func chat(
        of id: StreamID, _ query: ChatQuery, page: PageRequest
    ) async throws(StoreError) -> Page<ChatMessage> {
        try await read { db in
            let stream = try db.sequence(of: id)
            switch query {
            case .all: return try db.chat(in: stream, after: page.sequence ?? 0, limit: page.limit)
            case .after(let message):
                let start = try page.sequence ?? db.sequence(of: message, in: stream)
                return try db.chat(in: stream, after: start, limit: page.limit)
            case .before(let message):
                let end = try page.sequence ?? db.sequence(of: message, in: stream)
                return try db.chat(in: stream, before: end, limit: page.limit)
            case .milliseconds(let span): return try db.chat(in: stream, within: span, page: page)
            }
        }
    }

    package func deleteChat(_ message: MessageID, of id: StreamID) async throws(StoreError) {
        try await write { db in
            try db.execute(
                sql: "DELETE FROM chat_messages WHERE id = ? AND stream = ?",
                arguments: [message.text, db.sequence(of: id)])
            guard db.changesCount == 1 else { throw StoreError.notFound(what: "message") }
        }
    }

    package func likes(
        of id: StreamID, milliseconds span: ClosedRange<Int64>, page: PageRequest
    ) async throws(StoreError) -> Page<LikeBatch> {
        try await read { db in
            let start = try page.timePosition ?? TimePosition(time: span.lowerBound, sequence: 0)
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM likes WHERE stream = ? AND (at_ms, seq) > (?, ?) AND at_ms <= ?
                    ORDER BY at_ms, seq LIMIT ?
                    """,
                arguments: [db.sequence(of: id), start.time, start.sequence, span.upperBound, page.limit + 1])
            return try Page(
                rows: rows, limit: page.limit, cursor: TimePosition.cursor(by: "at_ms"), item: LikeBatch.init(row:))
        }
    }
}

extension Database {
    /// A message that is there already counts as written.
    func insert(_ message: ChatMessage, in stream: Int64) throws {
        try execute(
            sql: """
                INSERT INTO chat_messages (id, stream, name, text, at, at_ms, role) VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO NOTHING
                """,
            arguments: [
                message.id.text, stream, message.name, message.text, message.at.milliseconds, message.atMS,
                message.role.rawValue,
            ])
    }

    /// Likes that are there already are not counted again.
    func insert(_ batch: LikeBatch, in stream: Int64) throws {
        try execute(
            sql: "INSERT INTO likes (id, stream, count, at_ms) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
            arguments: [batch.id.text, stream, batch.count, batch.atMS])
        guard changesCount == 1 else { return }
        try execute(
            sql: "UPDATE livestreams SET likes = likes + ? WHERE seq = ?", arguments: [batch.count, stream])
    }

    fileprivate func sequence(of message: MessageID, in stream: Int64) throws -> Int64 {
        let sequence = try Int64.fetchOne(
            self, sql: "SELECT seq FROM chat_messages WHERE id = ? AND stream = ?", arguments: [message.text, stream])
        guard let sequence else { throw StoreError.notFound(what: "message") }
        return sequence
    }

    fileprivate func chat(in stream: Int64, after start: Int64, limit: Int) throws -> Page<ChatMessage> {
        let rows = try Row.fetchAll(
            self, sql: "SELECT * FROM chat_messages WHERE stream = ? AND seq > ? ORDER BY seq LIMIT ?",
            arguments: [stream, start, limit + 1])
        return try Page(rows: rows, limit: limit, item: ChatMessage.init(row:))
    }

    /// The newest of what is older, told oldest first.
    fileprivate func chat(in stream: Int64, before end: Int64, limit: Int) throws -> Page<ChatMessage> {
        let rows = try Row.fetchAll(
            self, sql: "SELECT * FROM chat_messages WHERE stream = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
            arguments: [stream, end, limit + 1])
        var page = try Page(rows: rows, limit: limit, item: ChatMessage.init(row:))
        page.items.reverse()
        return page
    }

    fileprivate func chat(
        in stream: Int64, within span: ClosedRange<Int64>, page: PageRequest
    ) throws -> Page<ChatMessage> {
        let start = try page.timePosition ?? TimePosition(time: span.lowerBound, sequence: 0)
        let rows = try Row.fetchAll(
            self,
            sql: """
                SELECT * FROM chat_messages WHERE stream = ? AND (at_ms, seq) > (?, ?) AND at_ms <= ?
                ORDER BY at_ms, seq LIMIT ?
                """,
            arguments: [stream, start.time, start.sequence, span.upperBound, page.limit + 1])
        return try Page(
            rows: rows, limit: page.limit, cursor: TimePosition.cursor(by: "at_ms"), item: ChatMessage.init(row:))
    }
}
