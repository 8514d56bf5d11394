import Foundation
import GRDB
import MongoDriver
import Testing
import Wire

@testable import Storage

/// The files are what the first release wrote.
@Suite("A store of an older release")
struct MigrationTests {
    @Test("in SQLite: is migrated when it is opened, with all that it held")
    func sqlite() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/store.sqlite"
            try FileManager.default.copyItem(at: file("sqlite-v1.store"), to: URL(fileURLWithPath: path))
            let store = try await SQLiteStore(path: path)
            try await expectWhole(store)
            let (versions, indexes) = try await store.read { db in
                (
                    try String.fetchAll(db, sql: "SELECT identifier FROM grdb_migrations ORDER BY identifier"),
                    try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'index'")
                )
            }
            #expect(versions == ["v1", "v2", "v3"])
            #expect(indexes.contains("chat_messages_by_time") && indexes.contains("livestreams_recorded"))
            await store.close()
        }
    }

    @Test("in MongoDB: is migrated before its first use, with all that it held")
    func mongoDB() async throws {
        try await MongoTestServer.withDatabase { uri in
            let database = MongoDatabase(pool: try MongoPool(uri: MongoURI(uri)))
            let old = try BSONDocument(bytes: [UInt8](Data(contentsOf: file("mongodb-v1.bson"))))
            for collection in MongoDatabase.Collection.allCases {
                let documents = old[collection.rawValue]?.array?.compactMap(\.document) ?? []
                #expect(!documents.isEmpty)
                _ = try await database.insert(documents, into: collection)
            }
            let store = try MongoStore(uri: uri)
            try await expectWhole(store)
            #expect(try await database.find(.meta, ["_id": "schema"], limit: 1).first?["version"]?.integer == 2)
            await store.close()
            await database.pool.close()
        }
    }

    private func file(_ name: String) -> URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Files/\(name)")
    }

    /// Reads what was there, and uses what is new.
    private func expectWhole(_ store: any LivestreamStore) async throws {
        let id = try #require(StreamID("stream-of-v1"))
        let stream = try await store.livestream(id)
        #expect(stream.title == "Grüße from v1" && stream.status == .ended && stream.likes == 15)
        #expect(stream.endedAt == Timestamp(milliseconds: 1_700_000_080_000) && stream.peakViewerCount == 3)
        #expect(stream.recording == Recording(status: .ready, mimeType: "video/webm", sizeBytes: 9, durationMS: 10))
        #expect(stream.pinnedProducts.map(\.title) == ["Mug"] && stream.pinnedProducts.first?.pinnedAtMS == 100)
        #expect(try await store.latestChat(of: id, limit: 9).map(\.name) == ["Ada", "Bob", "Ada", "Bob", "Ada"])
        #expect(
            try await store.likes(of: id, milliseconds: 0...9, page: PageRequest()).items.map(\.count) == [
                1, 2, 3, 4, 5,
            ])
        #expect(try await store.recordedLivestreams(endedBefore: Timestamp(milliseconds: .max), limit: 5) == [id])
        let time = Timestamp(milliseconds: 1_700_000_071_002)
        #expect(try await store.deleteChat(before: time, limit: 5) == 2)
        try await store.append([.likes(LikeBatch(id: .random(), count: 2, atMS: 9))], to: id)
        #expect(try await store.livestream(id).likes == 17)
    }
}
