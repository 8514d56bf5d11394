import Foundation
import MongoDriver
import Testing

@testable import Storage

/// The MongoDB that the tests use: a real server named by `VITRINE_TEST_MONGODB_URI`, or the stand-in of this project,
/// which is started once and ends with the tests.
enum MongoTestServer {
    private static let given = ProcessInfo.processInfo.environment["VITRINE_TEST_MONGODB_URI"]

    /// Which of the two it is: part of each test's name.
    static var kind: String { given == nil ? "MongoDB (stand-in)" : "MongoDB (real server)" }
    static var isStandIn: Bool { given == nil }

    private static let shared = Result { try given ?? "mongodb://127.0.0.1:\(StandIn().port)" }

    /// Runs `body` with the URI of a database of its own, which is gone afterwards.
    static func withDatabase<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        let uri = try self.uri(database: "vitrine_test_\(UUID().uuidString.prefix(8))")
        let result: Result<Value, any Error>
        do { result = .success(try await body(uri)) } catch { result = .failure(error) }
        let pool = try MongoPool(uri: MongoURI(uri))
        let dropping: BSONDocument = ["dropDatabase": 1]
        _ = try await pool.run(dropping.bytes, .write)
        await pool.close()
        return try result.get()
    }

    /// The server's URI, with its options, and another database.
    static func uri(database: String) throws -> String {
        let (server, options) = try split(shared.get(), at: "?")
        let scheme = try #require(server.range(of: "://"))
        let (hosts, _) = split(String(server[scheme.upperBound...]), at: "/")
        return "\(server[..<scheme.upperBound])\(hosts)/\(database)\(options.map { "?\($0)" } ?? "")"
    }

    private static func split(_ text: String, at separator: Character) -> (String, String?) {
        let parts = text.split(separator: separator, maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        return (parts[0], parts.count > 1 ? parts[1] : nil)
    }
}

/// A process of `Tests/MongoStandIn`. It ends when this process does: its standard input is closed then.
final class StandIn {
    let port: Int
    private let process = Process()
    private let input = Pipe()

    init(_ arguments: [String] = []) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        process.executableURL = root.appendingPathComponent(".venv/bin/python")
        process.arguments = [root.appendingPathComponent("Tests/MongoStandIn/mongo_standin.py").path] + arguments
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var line = Data()
        while line.last != UInt8(ascii: "\n") {
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { break }
            line += more
        }
        // No #require: its error counts as told already when it is thrown again in other tests.
        guard let number = String(decoding: line, as: UTF8.self).split(whereSeparator: \.isWhitespace).last,
            let port = Int(number)
        else { throw Unusable() }
        self.port = port
    }

    struct Unusable: Error, CustomStringConvertible {
        let description = "Tests/MongoStandIn doesn't start: scripts/setup --tests installs what it needs"
    }

    func stop() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
