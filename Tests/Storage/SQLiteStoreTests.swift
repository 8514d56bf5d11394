import Foundation
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
            await #expect(throws: StoreError.newerRelease) { try await SQLiteStore(path: path) }
        }
    }

    @Test("says that it is unavailable when the disk is full, and takes nothing by half")
    func diskFull() async throws {
        try await withTemporaryFolder { folder in
            let store = try await SQLiteStore(
                path: "\(folder)/store.sqlite",
                prepare: { db in
                    try db.execute(sql: "PRAGMA max_page_count = 60")
                })
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

    @Test("refuses a file that is no store")
    func foreignFile() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/store.sqlite"
            let text = String(repeating: "This is a diary. ", count: 100)
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            let error = await #expect(throws: StoreError.self) { try await SQLiteStore(path: path) }
            guard case .unavailable = error else { throw try #require(error) }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        }
    }

    /// What a killed process leaves: the file and its log as they are, without the store having been closed.
    @Test("has in its files what it has acknowledged, at any moment")
    func crashImage() async throws {
        try await withTemporaryFolder { folder in
            let store = try await SQLiteStore(path: "\(folder)/store.sqlite")
            let id = try await store.make().id
            for number in 1...5 {
                let likes = LikeBatch(id: .random(), count: 2, atMS: 0)
                try await store.append([.chat(message("\(number)")), .likes(likes)], to: id)
                for suffix in ["", "-wal"] {
                    try FileManager.default.copyItem(
                        atPath: "\(folder)/store.sqlite\(suffix)", toPath: "\(folder)/killed\(number).sqlite\(suffix)")
                }
                let restarted = try await SQLiteStore(path: "\(folder)/killed\(number).sqlite")
                #expect(try await restarted.livestream(id).likes == 2 * number)
                #expect(try await restarted.latestChat(of: id, limit: 50).count == number)
                await restarted.close()
            }
            await store.close()
        }
    }

    @Test("reads beside a write, and sees nothing of it before it is done", .timeLimit(.minutes(1)))
    func readsBesideWrites() async throws {
        try await withTemporaryFolder { folder in
            let store = try await SQLiteStore(path: "\(folder)/store.sqlite")
            let id = try await store.make("Before").id
            let (begun, beginning) = AsyncStream<Void>.makeStream()
            let mayEnd = DispatchSemaphore(value: 0)
            let writer = Task {
                try await store.write { db in
                    try db.execute(sql: "UPDATE livestreams SET title = 'After'")
                    beginning.finish()
                    mayEnd.wait()
                }
            }
            for await _ in begun {}
            #expect(try await store.livestream(id).title == "Before")
            mayEnd.signal()
            try await writer.value
            #expect(try await store.livestream(id).title == "After")
            await store.close()
        }
    }
}
