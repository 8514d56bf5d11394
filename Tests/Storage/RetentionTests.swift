import Foundation
import Logging
import Testing
import Wire

@testable import Storage

@Suite("What is kept for a time")
struct RetentionTests {
    @Test("a name is erased from one show's history, and from it alone", arguments: StoreHome.allCases)
    func erasedName(home: StoreHome) async throws {
        try await home.with { store, _ in
            let (id, other) = (try await store.make().id, try await store.make().id)
            let said = (0..<6).map { number in
                var message = message("\(number)")
                message.name = number % 2 == 0 ? "Ada" : "Adam"
                return message
            }
            try await store.append(said.map { .chat($0) }, to: id)
            try await store.append([.chat(message("elsewhere"))], to: other)
            #expect(try await store.eraseName("Ada", of: id) == 3)
            #expect(try await store.eraseName("Ada", of: id) == 0)
            let names = try await store.latestChat(of: id, limit: 50).map(\.name)
            #expect(names == ["Guest", "Adam", "Guest", "Adam", "Guest", "Adam"])
            #expect(try await store.latestChat(of: id, limit: 50).map(\.text) == said.map(\.text))
            #expect(try await store.latestChat(of: other, limit: 50).map(\.name) == ["Ada"])
            await #expect(throws: StoreError.notFound(what: "livestream")) {
                try await store.eraseName("Ada", of: .random())
            }
        }
    }

    @Test("a name is erased in every spelling that looks the same", arguments: StoreHome.allCases)
    func erasedSpellings(home: StoreHome) async throws {
        try await home.with { store, _ in
            let id = try await store.make().id
            let spellings = ["Zoë", "Zoe\u{0308}", "ZOË", "Zo\u{200B}ë", "Zoe", "Zoë B"]
            let said = spellings.map { name in
                var message = message("from \(name)")
                message.name = name
                return message
            }
            try await store.append(said.map { .chat($0) }, to: id)
            #expect(try await store.eraseName("zoe\u{0308}", of: id) == 4)
            let names = try await store.latestChat(of: id, limit: 50).map(\.name)
            #expect(names == ["Guest", "Guest", "Guest", "Guest", "Zoe", "Zoë B"])
        }
    }

    @Test("old chat and recordings go with their files, and nothing younger", arguments: StoreHome.allCases)
    func sweep(home: StoreHome) async throws {
        try await withTemporaryFolder { folder in
            try await home.with { store, _ in
                let streams = try await makeShows(in: store, endingAt: [1_000, 5_000, 9_000])
                let library = try await RecordingLibrary(folder: folder, store: store, logger: silent)
                for id in streams { try Data("video".utf8).write(to: URL(fileURLWithPath: "\(folder)/\(id).webm")) }
                let sweep = RetentionSweep(
                    rules: .init(chatMS: 20_000, recordingsMS: 15_000), store: store, recordings: library,
                    logger: silent)
                #expect(await sweep.run(at: Timestamp(milliseconds: 15_000)) == .init())
                #expect(
                    await sweep.run(at: Timestamp(milliseconds: 20_001)) == .init(messages: 700, recordings: 2))
                #expect(await sweep.run(at: Timestamp(milliseconds: 20_001)) == .init())
                let recordings = try await streams.asyncMap { try await store.livestream($0).recording?.status }
                #expect(recordings == [nil, nil, .ready])
                let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.contains("webm") }
                #expect(files == ["\(streams[2]).webm"])
                let left = try await streams.asyncMap { try await store.latestChat(of: $0, limit: 5).map(\.text) }
                #expect(left == [["young"], [], []])
                await library.shutdown()
            }
        }
    }

    /// Shows that ended and have recordings; the first has 700 messages of the time 0, and one of the time 1.
    private func makeShows(in store: any LivestreamStore, endingAt ends: [Int64]) async throws -> [StreamID] {
        var streams: [StreamID] = []
        for end in ends {
            let id = try await store.make().id
            try await store.append(
                [.started(at: Timestamp(milliseconds: 0)), .ended(at: Timestamp(milliseconds: end))], to: id)
            try await store.setRecording(Recording(status: .ready, mimeType: "video/webm"), of: id)
            streams.append(id)
        }
        var (old, young) = (message("old"), message("young"))
        old.at = Timestamp(milliseconds: 0)
        young.at = Timestamp(milliseconds: 1)
        let writes = (0..<700).map { _ in
            old.id = .random()
            return ShowWrite.chat(old)
        }
        try await store.append(writes + [.chat(young)], to: streams[0])
        return streams
    }

    @Test("a store that is away keeps the sweep from nothing but this time")
    func away() async throws {
        try await RecordingPlace.with { place in
            let library = try await place.library()
            let sweep = RetentionSweep(
                rules: .init(chatMS: 1, recordingsMS: 1), store: place.store, recordings: library, logger: silent)
            await place.store.close()
            #expect(await sweep.run(at: Timestamp(milliseconds: 1_000_000)) == .init())
            await library.shutdown()
        }
    }

    private var silent: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }
}

extension Sequence {
    fileprivate func asyncMap<Value>(_ body: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await body(element)) }
        return values
    }
}
