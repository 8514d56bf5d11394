import GRDB
import Synchronization
import Testing
import Wire

@testable import Storage

/// Listens to what the store really asks SQLite, so that no statement can slip past.
@Suite("The embedded store's statements")
struct SQLiteQueryPlanTests {
    @Test("find their rows by an index: no table is read whole, and no list is sorted")
    func plans() async throws {
        try await withTemporaryFolder { folder in
            let heard = Heard()
            let store = try await SQLiteStore(path: "\(folder)/store.sqlite", prepare: heard.listen)
            heard.statements.withLock { $0 = [] }
            try await callEverything(of: store)
            let statements = heard.statements.withLock { $0 }
            #expect(statements.count >= 25)
            for statement in statements {
                let plan = try await store.plan(of: statement)
                #expect(!plan.contains { $0.contains("SCAN") }, "\(statement): \(plan)")
                // What is pinned at one time is a handful.
                let mayBeSorted = statement.contains("JOIN pins")
                #expect(mayBeSorted || !plan.contains { $0.contains("TEMP B-TREE") }, "\(statement): \(plan)")
            }
            await store.close()
        }
    }

    @Test("are seen through when they read a table whole")
    func scanIsSeen() async throws {
        try await withTemporaryFolder { folder in
            let store = try await SQLiteStore(path: "\(folder)/store.sqlite")
            let plan = try await store.plan(of: "SELECT * FROM chat_messages WHERE text = ? ORDER BY name")
            #expect(plan.contains { $0.contains("SCAN") } && plan.contains { $0.contains("TEMP B-TREE") })
            await store.close()
        }
    }

    private func callEverything(of store: SQLiteStore) async throws {
        let id = try await store.make().id
        let chat = message("x")
        let time = Timestamp(milliseconds: 1)
        try await store.append(
            [
                .started(at: time), .chat(chat), .likes(LikeBatch(id: .random(), count: 1, atMS: 0)),
                .peakViewerCount(3), .ended(at: time),
            ], to: id)
        _ = try await store.update(id, with: LivestreamChanges(title: "y"))
        try await store.setRecording(Recording(status: .ready, mimeType: "video/webm"), of: id)

        let product = try await store.makeProduct(of: id).id
        _ = try await store.update(product, of: id, with: ProductChanges(title: "y"))
        _ = try await store.pin(product, of: id, atMS: 0)
        _ = try await store.products(of: id, page: PageRequest())
        for status in [nil, Livestream.Status.ended] {
            _ = try await store.livestreams(status: status, page: PageRequest())
        }
        _ = try await store.unpin(product, of: id, atMS: 1)

        _ = try await store.latestChat(of: id, limit: 50)
        for query in [ChatQuery.all, .before(chat.id), .after(chat.id), .milliseconds(0...9)] {
            _ = try await store.chat(of: id, query, page: PageRequest())
        }
        _ = try await store.likes(of: id, milliseconds: 0...9, page: PageRequest())
        _ = try await store.eraseName("Ada", of: id)
        _ = try await store.recordedLivestreams(endedBefore: time, limit: 9)
        _ = try await store.deleteChat(before: Timestamp(milliseconds: 1), limit: 9)
        try await store.restore(store.livestream(id))
        try await store.restore(store.product(product, of: id), of: id)
        try await store.deleteChat(chat.id, of: id)
        try await store.delete(product, of: id)
        try await store.delete(id)
    }
}

/// The statements that a store's connections have run.
private final class Heard: Sendable {
    let statements = Mutex<Set<String>>([])

    @Sendable func listen(to db: Database) {
        db.trace { [self] event in
            guard case .statement(let statement) = event else { return }
            let sql = statement.sql
            guard ["SELECT", "INSERT", "UPDATE", "DELETE"].contains(where: sql.hasPrefix) else { return }
            statements.withLock { _ = $0.insert(sql) }
        }
    }
}

extension SQLiteStore {
    /// How SQLite would run `statement`, step by step.
    fileprivate func plan(of statement: String) async throws -> [String] {
        try await write { db in
            let explanation = try db.makeStatement(sql: "EXPLAIN QUERY PLAN \(statement)")
            // The plan doesn't depend on the values.
            explanation.setUncheckedArguments(StatementArguments())
            return try Row.fetchAll(explanation).map { $0["detail"] }
        }
    }
}
