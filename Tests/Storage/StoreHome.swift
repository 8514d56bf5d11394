import Foundation
import Testing
import Wire

@testable import Storage

/// A home of the store under test: the same suite runs against each.
enum StoreHome: CaseIterable, CustomTestStringConvertible {
    case sqlite, mongoDB

    var testDescription: String {
        switch self {
        case .sqlite: "SQLite"
        case .mongoDB: MongoTestServer.kind
        }
    }

    /// Runs `body` with an empty store, and with a way to open what it wrote once more.
    func with<Result>(
        _ body: (any LivestreamStore, _ reopen: () async throws -> any LivestreamStore) async throws -> Result
    ) async throws -> Result {
        switch self {
        case .sqlite:
            try await withTemporaryFolder { folder in
                let path = "\(folder)/store.sqlite"
                let store = try await SQLiteStore(path: path)
                let result = try await body(store) { try await SQLiteStore(path: path) }
                await store.close()
                return result
            }
        case .mongoDB:
            try await MongoTestServer.withDatabase { uri in
                let store = try MongoStore(uri: uri)
                let result = try await body(store) { try MongoStore(uri: uri) }
                await store.close()
                return result
            }
        }
    }
}

/// Runs `body` with the path of an empty folder, which is gone afterwards.
func withTemporaryFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("vitrine-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder.path)
}

extension LivestreamStore {
    /// A livestream of this title, made at this time.
    func make(_ title: String = "Show", at milliseconds: Int64 = 1_000) async throws -> Livestream {
        let stream = Livestream(id: .random(), title: title, createdAt: Timestamp(milliseconds: milliseconds))
        try await create(stream)
        return stream
    }

    func makeProduct(of id: StreamID, title: String = "Mug") async throws -> Product {
        let price = try #require(Price(amount: "19.90", currency: "EUR"))
        let product = Product(id: .random(), title: title, price: price)
        try await create(product, of: id)
        return product
    }
}

func message(_ text: String, atMS: Int64 = 0) -> ChatMessage {
    ChatMessage(
        id: .random(), name: "Ada", text: text, at: Timestamp(milliseconds: 1_000 + atMS), atMS: atMS,
        role: .customer)
}

/// Every item of a list, part by part.
func all<Item>(limit: Int, _ part: (PageRequest) async throws -> Page<Item>) async throws -> [Item] {
    var items: [Item] = []
    var page = PageRequest(limit: limit)
    repeat {
        let found = try await part(page)
        #expect(found.items.count <= limit)
        items += found.items
        page.cursor = found.nextCursor
    } while page.cursor != nil
    return items
}
