import GRDB
package import Wire

extension SQLiteStore {
    package func eraseName(_ name: String, of id: StreamID) async throws(StoreError) -> Int {
        let key = VisibleText.key(name)
        return try await write { db in
            let stream = try db.sequence(of: id)
            var names = Spellings()
            let all = try String.fetchCursor(
                db, sql: "SELECT name FROM chat_messages WHERE stream = ?", arguments: [stream])
            while let name = try all.next() { names.insert(name) }
            var erased = 0
            for spelling in names.all where VisibleText.key(spelling) == key {
                try db.execute(
                    sql: "UPDATE chat_messages SET name = ? WHERE stream = ? AND name = ?",
                    arguments: [ChatMessage.anonymousName, stream, spelling])
                erased += db.changesCount
            }
            return erased
        }
    }

    package func deleteChat(before time: Timestamp, limit: Int) async throws(StoreError) -> Int {
        try await write { db in
            try db.execute(
                sql: """
                    DELETE FROM chat_messages WHERE seq IN
                        (SELECT seq FROM chat_messages WHERE at < ? ORDER BY at LIMIT ?)
                    """,
                arguments: [time.milliseconds, limit])
            return db.changesCount
        }
    }

    package func recordedLivestreams(
        endedBefore time: Timestamp, limit: Int
    ) async throws(StoreError) -> [StreamID] {
        try await read { db in
            let ids = try String.fetchAll(
                db,
                sql: """
                    SELECT id FROM livestreams WHERE recording_status IS NOT NULL AND ended_at < ?
                    ORDER BY ended_at LIMIT ?
                    """,
                arguments: [time.milliseconds, limit])
            return ids.compactMap(StreamID.init)
        }
    }
}
