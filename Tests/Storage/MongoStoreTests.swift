import Foundation
import MongoDriver
import Testing
import Wire

@testable import Storage

/// What only the home in MongoDB has. The fail points are those of a real server with test commands enabled.
@Suite("The store in MongoDB", .serialized)
struct MongoStoreTests {
    /// A command that isn't carried out, and one that is, but not by most servers.
    enum Trouble: CaseIterable {
        case connectionCut, notMajority

        fileprivate var data: BSONDocument {
            switch self {
            case .connectionCut: ["closeConnection": true]
            case .notMajority:
                ["writeConcernError": ["code": .int32(64), "errmsg": "waiting for replication timed out"]]
            }
        }
    }

    @Test(
        "counts nothing twice and loses nothing when an append breaks off at any of its commands",
        arguments: Trouble.allCases)
    func brokenAppends(trouble: Trouble) async throws {
        try await MongoTestServer.withDatabase { uri in
            let commands = try TestCommands(uri: uri)
            let store = try MongoStore(uri: commands.failingURI)
            for number in 0..<9 {
                let id = try await store.make("\(number)").id
                let writes: [ShowWrite] = [
                    .started(at: Timestamp(milliseconds: 1)), .chat(message("one")),
                    .likes(LikeBatch(id: .random(), count: 3, atMS: 5)), .chat(message("two")), .peakViewerCount(9),
                    .likes(LikeBatch(id: .random(), count: 4, atMS: 6)), .ended(at: Timestamp(milliseconds: 2)),
                ]
                let name = ["findAndModify", "insert", "update"][number % 3]
                let isHit = try await commands.failing(name, skipping: Int32(number / 3), trouble.data) {
                    try await store.append(writes, to: id)
                }
                if isHit { try await store.append(writes, to: id) }
                let stream = try await store.livestream(id)
                #expect(stream.likes == 7 && stream.status == .ended && stream.peakViewerCount == 9)
                #expect(try await store.latestChat(of: id, limit: 9).map(\.text) == ["one", "two"])
                let likes = try await store.likes(of: id, milliseconds: 0...9, page: PageRequest())
                #expect(likes.items.map(\.count) == [3, 4])
            }
            // Of findAndModify an append has one, of insert two, of update three.
            #expect(await commands.hits == 6)
            await commands.close()
            await store.close()
        }
    }

    @Test("goes on by itself when a connection has died since it was last used")
    func staleConnection() async throws {
        try await MongoTestServer.withDatabase { uri in
            let commands = try TestCommands(uri: uri)
            let store = try MongoStore(uri: commands.failingURI)
            let id = try await store.make().id
            try await commands.fail("insert", ["times": .int32(1)], ["closeConnection": true])
            let product = Product(id: .random(), title: "Mug", price: try #require(Price(amount: "1", currency: "EUR")))
            try await store.create(product, of: id)
            #expect(try await store.product(product.id, of: id) == product)
            await commands.close()
            await store.close()
        }
    }

    /// A server refuses what it can't do twice when the driver marks it as something to be repeated.
    @Test("speaks to a replica set, whose writes the driver repeats by itself (stand-in)")
    func replicaSet() async throws {
        let server = try StandIn(["--replica-set", "rs0"])
        defer { server.stop() }
        let commands = try TestCommands(uri: "mongodb://127.0.0.1:\(server.port)/shop?replicaSet=rs0")
        let store = try MongoStore(uri: commands.failingURI)
        let id = try await store.make().id
        let product = try await store.makeProduct(of: id)
        _ = try await store.pin(product.id, of: id, atMS: 1)
        for command in ["insert", "update", "findAndModify"] {
            try await commands.fail(command, ["times": .int32(1)], ["closeConnection": true])
            try await store.append(
                [.chat(message(command)), .likes(LikeBatch(id: .random(), count: 2, atMS: 1))], to: id)
        }
        #expect(try await store.livestream(id).likes == 6)
        #expect(try await store.latestChat(of: id, limit: 9).map(\.text) == ["insert", "update", "findAndModify"])
        #expect(try await store.eraseName("Ada", of: id) == 3)
        #expect(try await store.deleteChat(before: Timestamp(milliseconds: 9_999), limit: 9) == 3)
        try await store.delete(id)
        #expect(try await store.livestreams(status: nil, page: PageRequest()).items.isEmpty)
        await commands.close()
        await store.close()
    }

    @Test("speaks TLS as the URI says, and to nobody whose certificate isn't signed by whom it says (stand-in)")
    func tls() async throws {
        try await withTemporaryFolder { folder in
            let openSSL = Process()
            openSSL.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
            openSSL.arguments = [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "\(folder)/key.pem",
                "-out", "\(folder)/certificate.pem",
            ]
            openSSL.standardError = FileHandle.nullDevice
            try openSSL.run()
            openSSL.waitUntilExit()
            let parts = try ["certificate", "key"].map {
                try String(contentsOfFile: "\(folder)/\($0).pem", encoding: .utf8)
            }
            try parts.joined().write(toFile: "\(folder)/both.pem", atomically: true, encoding: .utf8)
            let server = try StandIn(["--tls", "\(folder)/both.pem"])
            defer { server.stop() }
            let uri = "mongodb://127.0.0.1:\(server.port)/shop?serverSelectionTimeoutMS=1000&tls=true"
            let store = try MongoStore(uri: "\(uri)&tlsCAFile=\(folder)/certificate.pem")
            let id = try await store.make("Sealed").id
            #expect(try await store.livestream(id).title == "Sealed")
            await store.close()
            let stranger = try MongoStore(uri: uri)
            let error = await #expect(throws: StoreError.self) { try await stranger.prepare() }
            guard case .unavailable(let reason) = error else { throw try #require(error) }
            #expect(reason.contains("TLS"))
            await stranger.close()
        }
    }

    @Test("finishes what a process that died has begun: deletions, and likes kept but not counted")
    func leftovers() async throws {
        try await MongoTestServer.withDatabase { uri in
            let store = try MongoStore(uri: uri)
            let (kept, deleted) = (try await store.make().id, try await store.make().id)
            let database = try await store.ready()
            let batch = LikeBatch(id: .random(), count: 5, atMS: 1)
            _ = try await database.insert([batch.document(stream: kept, sequence: 900)], into: .likes)
            try await store.append([.chat(message("x"))], to: deleted)
            _ = try await database.change(
                .livestreams, ["_id": .string(deleted.text)], ["$set": ["status": Livestream.deletedStatus]])
            await #expect(throws: StoreError.notFound(what: "livestream")) { try await store.livestream(deleted) }
            #expect(try await store.livestreams(status: nil, page: PageRequest()).items.map(\.id) == [kept])

            let next = try MongoStore(uri: uri)
            #expect(try await next.livestream(kept).likes == 5)
            #expect(try await database.find(.chat, [:], limit: 5).isEmpty)
            #expect(try await database.find(.livestreams, ["_id": .string(deleted.text)], limit: 5).isEmpty)
            await next.close()
            await store.close()
        }
    }

    @Test("refuses a database that a newer release has written")
    func newerSchema() async throws {
        try await MongoTestServer.withDatabase { uri in
            let store = try MongoStore(uri: uri)
            _ = try await store.ready().change(.meta, ["_id": "schema"], ["$set": ["version": 999]])
            await store.close()
            let next = try MongoStore(uri: uri)
            await #expect(throws: StoreError.newerRelease) { try await next.prepare() }
            await next.close()
        }
    }

    @Test("is made without a server, says within seconds that there is none, and works when it comes")
    func absentServer() async throws {
        let first = try StandIn()
        let port = first.port
        first.stop()
        let store = try MongoStore(uri: "mongodb://127.0.0.1:\(port)/test?serverSelectionTimeoutMS=500")
        let start = ContinuousClock.now
        for _ in 0..<3 {
            let error = await #expect(throws: StoreError.self) { try await store.prepare() }
            guard case .unavailable = error else { throw try #require(error) }
        }
        #expect(start.duration(to: .now) < .seconds(10))
        let second = try StandIn(["--port", "\(port)"])
        defer { second.stop() }
        let id = try await store.make("Late").id
        #expect(try await store.livestream(id).title == "Late")
        await store.close()
    }

    @Test("fails at once for callers who have waited long for a thread")
    func queue() async throws {
        let first = try StandIn()
        let port = first.port
        first.stop()
        let uri = try MongoURI("mongodb://127.0.0.1:\(port)/?serverSelectionTimeoutMS=300&maxPoolSize=2")
        let pool = try MongoPool(uri: uri)
        let start = ContinuousClock.now
        let failures = await withTaskGroup(of: MongoFailure?.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    do throws(MongoFailure) {
                        _ = try await pool.run(BSONDocument([("ping", 1)]).bytes, .read)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(failures.filter { $0 == .busy }.count > 150 && !failures.contains(nil))
        #expect(start.duration(to: .now) < .seconds(10))
        await pool.close()
    }

    @Test("keeps what is secret in a URI out of what is shown and said")
    func secrets() throws {
        let uri =
            "mongodb://ada:s3cret%40x@one.example,two.example:99/shop?authSource=admin&tlsCertificateKeyFilePassword=pw"
        let store = try MongoStore(uri: uri)
        #expect(store.shown == "mongodb://one.example,two.example:99/shop")
        #expect("\(try MongoURI(uri))" == store.shown)
        for bad in [
            "mongodb://ada:s3:cret@host", "mongodb://ada:s3cret@", "http://s3cret", "mongodb://s3cret:s3cret%zz@x",
        ] {
            let error = #expect(throws: StoreError.self) { try MongoStore(uri: bad) }
            #expect(!"\(try #require(error))".contains("s3"))
        }
    }

    @Test("says of a document that it can't read what it is, and shows nothing wrong")
    func foreignDocument() async throws {
        try await MongoTestServer.withDatabase { uri in
            let store = try MongoStore(uri: uri)
            let id = try await store.make().id
            try await store.append([.chat(message("x"))], to: id)
            for (field, value) in [("at", "now"), ("role", "king"), ("at_ms", .double(1.5))] as [(String, BSONValue)] {
                _ = try await store.ready().change(
                    .chat, ["stream": .string(id.text)], ["$set": .document(BSONDocument([(field, value)]))])
                let error = await #expect(throws: StoreError.self) { try await store.latestChat(of: id, limit: 5) }
                #expect(error == .unavailable(reason: "a document of the store holds no valid chat message"))
            }
            await store.close()
        }
    }
}

/// A connection of the test's own, to make the server fail.
private actor TestCommands {
    /// Only commands of connections that were made with it fail: other tests use the same server.
    nonisolated let failingURI: String
    private let appName = "test-\(UInt64.random(in: .min ... .max))"
    private let pool: MongoPool
    private(set) var hits = 0

    init(uri: String) throws {
        failingURI = "\(uri)\(uri.contains("?") ? "&" : "?")appName=\(appName)"
        pool = try MongoPool(uri: MongoURI(uri))
    }

    /// Commands of this name fail, in this mode.
    func fail(_ command: String, _ mode: BSONValue, _ how: BSONDocument = [:]) async throws {
        var data = how
        data["failCommands"] = [.string(command)]
        data["appName"] = .string(appName)
        let command: BSONDocument = ["configureFailPoint": "failCommand", "mode": mode, "data": .document(data)]
        _ = try await pool.run(command.bytes, .write, database: "admin")
    }

    /// True when the body met the failure: all commands of this name but the first `skipping`.
    func failing(
        _ command: String, skipping: Int32, _ how: BSONDocument, _ body: () async throws -> Void
    ) async throws -> Bool {
        try await fail(command, ["skip": .int32(skipping)], how)
        let isHit: Bool
        do {
            try await body()
            isHit = false
        } catch StoreError.unavailable {
            isHit = true
            hits += 1
        }
        try await fail(command, "off")
        return isHit
    }

    func close() async { await pool.close() }
}
