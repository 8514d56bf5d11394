import MongoDriver
import Wire

/// The store in MongoDB. It needs no transactions, so a server that stands alone will do.
///
/// Every write waits for the disks of most servers. What takes several commands is so ordered, and so guarded by ids,
/// that it may break off anywhere and be done again (docs/storage.md).
package final class MongoStore: LivestreamStore {
    private let gate: PreparationGate
    private let pool: MongoPool

    /// Needs no server yet. Throws `.unavailable` for a URI that can't be understood; the reason holds no secret.
    package init(uri: String) throws(StoreError) {
        do {
            pool = try MongoPool(uri: MongoURI(uri))
        } catch {
            throw .unavailable(reason: "\(error)")
        }
        let database = MongoDatabase(pool: pool)
        gate = PreparationGate {
            () async throws(StoreError) in
            try await MongoSchema.prepare(database)
            try await database.finishWhatWasLeft()
        }
    }

    /// The servers and the database, without what the URI says of users and passwords.
    package var shown: String { pool.uri.shown }

    /// Checks the schema's version, makes indexes, and finishes what a crash has left. Every call does so first, when
    /// it hasn't been done; calling it tells whether the store is there and fit.
    package func prepare() async throws(StoreError) {
        try await gate.pass()
    }

    func ready() async throws(StoreError) -> MongoDatabase {
        try await gate.pass()
        return MongoDatabase(pool: pool)
    }

    package func checkHealth() async throws(StoreError) {
        try await ready().ping()
    }

    package func close() async {
        await pool.close()
    }
}
