import GRDB
import Testing
import Wire

@testable import Storage

@Suite("The embedded store")
struct SQLiteStoreTests {
    @Test("synchronises each commit with the disk, and keeps foreign keys")
    func pragmas() async throws {
        try await withTemporaryFolder { folder in
            let store = try await SQLiteStore(path: "\(folder)/store.sqlite")
            let pragmas = try await store.write { db in
                try ["synchronous", "journal_mode", "foreign_keys"].map {
                    try String.fetchOne(db, sql: "PRAGMA \($0)")
                }
            }
            #expect(pragmas == ["2", "wal", "1"])
            await store.close()
        }
    }

    @Test("refuses a file that a newer release has written")
    func newerSchema() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/store.sqlite"
            let store = try await SQLiteStore(path: path)
            try await store.write { db in try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('v999')") }
            await store.close()
            let error = await #expect(throws: StoreError.self) { try await SQLiteStore(path: path) }
            guard case .unavailable(let reason) = error else { throw try #require(error) }
            #expect(reason.contains("newer release"))
        }
    }

    @Test("says that it is unavailable when the disk is full, and takes nothing by half")
    func diskFull() async throws {
        try await withTemporaryFolder { folder in
            let store = try await SQLiteStore(path: "\(folder)/store.sqlite", maximumPages: 60)
            let id = try await store.make().id
            var written = 0
            let error = await #expect(throws: StoreError.self) {
                while written < 1_000 {
                    try await store.append(
                        (0..<5).map { _ in .chat(message(String(repeating: "x", count: 500))) }, to: id)
                    written += 5
                }
            }
            guard case .unavailable = error else { throw try #require(error) }
            let kept = try await all(limit: 100) { try await store.chat(of: id, .all, page: $0) }
            #expect(kept.count == written)
            await store.close()
        }
    }

    @Test("can't be opened where there is no folder")
    func noFolder() async throws {
        let error = await #expect(throws: StoreError.self) { try await SQLiteStore(path: "/nonexistent/store.sqlite") }
        guard case .unavailable = error else { throw try #require(error) }
    }

    @Test("finds what it looks for by an index, not by reading whole tables")
    func indexes() async throws {
        try await withTemporaryFolder { folder in
            let store = try await SQLiteStore(path: "\(folder)/store.sqlite")
            let queries = [
                "SELECT * FROM livestreams WHERE seq < 9 ORDER BY seq DESC LIMIT 20",
                "SELECT * FROM livestreams WHERE status = 'live' AND seq < 9 ORDER BY seq DESC LIMIT 20",
                "SELECT * FROM chat_messages WHERE stream = 1 AND seq > 5 ORDER BY seq LIMIT 20",
                "SELECT * FROM chat_messages WHERE stream = 1 AND (at_ms, seq) > (5, 5) AND at_ms <= 9 "
                    + "ORDER BY at_ms, seq LIMIT 20",
                "SELECT * FROM likes WHERE stream = 1 AND (at_ms, seq) > (5, 5) AND at_ms <= 9 ORDER BY at_ms, seq",
                "SELECT * FROM products WHERE stream = 1 AND seq > 5 ORDER BY seq LIMIT 20",
                "SELECT at_ms, until_ms FROM pins WHERE product = 1 ORDER BY seq",
            ]
            for query in queries {
                let plan = try await store.read { db in
                    try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN \(query)").map { $0["detail"] as String }
                }
                #expect(plan.allSatisfy { $0.hasPrefix("SEARCH") }, "\(query): \(plan)")
            }
            await store.close()
        }
    }
}
