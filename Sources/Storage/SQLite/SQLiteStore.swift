import GRDB
import Wire

/// The embedded store: one SQLite file in WAL mode. Nothing to install, nothing to start.
///
/// Every commit is synchronised to the disk before it is acknowledged (`synchronous = FULL`), so it survives the
/// machine's death too. Reads go on beside a write.
package final class SQLiteStore: LivestreamStore {
    private let pool: DatabasePool

    /// Opens the file at `path`, or makes it. Throws `.unavailable` for one that can't be opened, `.newerRelease`
    /// for one that a newer release has written.
    package convenience init(path: String) async throws(StoreError) {
        try await self.init(path: path) { _ in }
    }

    /// `prepare` is run on each connection: tests bound the file's size or listen to the statements with it.
    init(path: String, prepare: @escaping @Sendable (Database) throws -> Void) async throws(StoreError) {
        pool = try await Self.mapping {
            var configuration = Configuration()
            configuration.label = "vitrine.store"
            configuration.busyMode = .timeout(5)
            configuration.prepareDatabase(prepare)
            let pool = try DatabasePool(path: path, configuration: configuration)
            // The pool sets NORMAL when it opens its writer, which would let a power cut take acknowledged commits.
            try await pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA synchronous = FULL") }
            let migrator = Schema.migrator
            guard try await !pool.read(migrator.hasBeenSuperseded) else {
                throw StoreError.newerRelease
            }
            try migrator.migrate(pool)
            return pool
        }
    }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        let pool = pool
        return try await Self.mapping { try await pool.read(body) }
    }

    /// All of `body` or nothing.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        let pool = pool
        return try await Self.mapping { try await pool.write(body) }
    }

    private static func mapping<Value>(_ body: () async throws -> Value) async throws(StoreError) -> Value {
        do {
            return try await body()
        } catch let error as StoreError {
            throw error
        } catch DatabaseError.SQLITE_CONSTRAINT_UNIQUE {
            throw .conflict(reason: "The id is taken.")
        } catch let error as DatabaseError {
            throw .unavailable(reason: "SQLite: \(error.message ?? "error \(error.resultCode.rawValue)")")
        } catch {
            throw .unavailable(reason: "\(error)")
        }
    }

    package func checkHealth() async throws(StoreError) {
        try await read { db in _ = try Int.fetchOne(db, sql: "SELECT 1 FROM livestreams LIMIT 1") }
    }

    package func close() async {
        // Waits for what is under way. A pool that can't be closed is closed by the end of the process.
        _ = try? pool.close()
    }
}
