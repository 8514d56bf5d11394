import GRDB
import Wire

extension SQLiteStore {
    package func identity() async throws(StoreError) -> StoreID {
        try await write { db in
            try db.execute(
                sql: "INSERT INTO meta (key, value) VALUES ('identity', ?) ON CONFLICT (key) DO NOTHING",
                arguments: [StoreID.random().text])
            let text = try String.fetchOne(db, sql: "SELECT value FROM meta WHERE key = 'identity'")
            guard let id = text.flatMap({ StoreID($0) }) else {
                throw StoreError.unavailable(reason: "the store holds no valid name of its own")
            }
            return id
        }
    }

    package func takeIdentity(_ id: StoreID) async throws(StoreError) {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO meta (key, value) VALUES ('identity', ?)
                    ON CONFLICT (key) DO UPDATE SET value = excluded.value
                    """, arguments: [id.text])
        }
    }
}
