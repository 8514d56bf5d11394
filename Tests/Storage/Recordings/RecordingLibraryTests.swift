import Foundation
import Logging
import Subprocess
import Testing
import Wire

@testable import Storage

@Suite("The library of recordings", .serialized)
struct RecordingLibraryTests {
    /// A library over an empty folder and a real store, with a way to open both again after a stop.
    private struct Place {
        let folder: String
        let store: SQLiteStore
        let stream: Livestream

        func library() async throws -> RecordingLibrary {
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            return try await RecordingLibrary(folder: "\(folder)/recordings", store: store, logger: logger)
        }

        func recording() async throws -> Recording? { try await store.livestream(stream.id).recording }

        /// The recording when ffmpeg has done its work.
        func processed() async throws -> Recording? {
            for _ in 0..<2_000 {
                if let recording = try await recording(), [.ready, .failed].contains(recording.status) {
                    return recording
                }
                try await Task.sleep(for: .milliseconds(10))
            }
            return try await recording()
        }
    }

    private func withPlace(_ body: (Place) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let store = try await SQLiteStore(path: "\(folder)/store.sqlite")
            try await body(Place(folder: folder, store: store, stream: try await store.make()))
            await store.close()
        }
    }

    /// What a browser's recorder makes: written to a pipe, so without a duration and without an index.
    private func webm(seconds: Int) async throws -> [UInt8] {
        let arguments = [
            "-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x120:rate=15", "-f", "lavfi", "-i", "sine=440", "-t",
            "\(seconds)", "-c:v", "libvpx", "-deadline", "realtime", "-g", "15", "-c:a", "libopus", "-f", "webm",
            "-live", "1", "pipe:1",
        ]
        let result = try await run(
            .name("ffmpeg"), arguments: Arguments(arguments), output: .bytes(limit: 8 << 20), error: .discarded)
        return result.standardOutput
    }

    private func probe(_ path: String, _ entries: String) async throws -> [String] {
        let result = try await run(
            .name("ffprobe"),
            arguments: ["-v", "error", "-select_streams", "v", "-show_entries", entries, "-of", "csv=p=0", path],
            output: .string(limit: 1 << 20), error: .discarded)
        return result.standardOutput.split(separator: "\n").map(String.init)
    }

    private func pieces(_ bytes: some Collection<UInt8>) -> AsyncStream<[UInt8]> {
        AsyncStream { continuation in
            var rest = Array(bytes)[...]
            while !rest.isEmpty {
                continuation.yield(Array(rest.prefix(10_000)))
                rest = rest.dropFirst(10_000)
            }
            continuation.finish()
        }
    }

    @Test("takes an upload in pieces, over a restart, and makes a seekable replay of it")
    func uploadToReplay() async throws {
        try await withPlace { place in
            let bytes = try await webm(seconds: 4)
            var library = try await place.library()
            var upload = try await library.beginUpload(
                of: place.stream.id, length: Int64(bytes.count), mimeType: "video/webm;codecs=vp8,opus", parts: [])
            #expect(try await place.recording()?.status == .uploading)
            let half = bytes.count / 2
            #expect(try await library.append(pieces(bytes[..<half]), at: 0, to: upload.id) == Int64(half))
            #expect(throws: RecordingError.notFound) { try library.replay(of: place.stream.id) }
            await library.shutdown()

            library = try await place.library()
            upload = try await library.upload(upload.id)
            #expect(upload.offset == Int64(half))
            #expect(
                try await library.append(pieces(bytes[half...]), at: upload.offset, to: upload.id) == Int64(bytes.count)
            )
            let recording = try #require(try await place.processed())
            #expect(recording.status == .ready && recording.mimeType == "video/webm")
            #expect((3_800...4_200).contains(recording.durationMS))
            let replay = try library.replay(of: place.stream.id)
            #expect(replay.sizeBytes == recording.sizeBytes)
            let head = try #require(FileManager.default.contents(atPath: replay.path)).prefix(4_096)
            #expect(head.range(of: Data([0x1C, 0x53, 0xBB, 0x6B])) != nil, "no index (Cues) at the front")
            await library.shutdown()
        }
    }

    @Test("keeps the gap between two parts, so that the replay's clock is the show's")
    func parts() async throws {
        try await withPlace { place in
            let (first, second) = (try await webm(seconds: 3), try await webm(seconds: 2))
            let library = try await place.library()
            let upload = try await library.beginUpload(
                of: place.stream.id, length: Int64(first.count + second.count), mimeType: "video/webm",
                parts: [
                    UploadPart(sizeBytes: Int64(first.count), startMS: 500),
                    UploadPart(sizeBytes: Int64(second.count), startMS: 10_000),
                ])
            _ = try await library.append(pieces(first + second), at: 0, to: upload.id)
            let recording = try #require(try await place.processed())
            #expect(recording.status == .ready)
            #expect((11_800...12_200).contains(recording.durationMS), "\(recording.durationMS) ms")
            let times = try await probe(library.replay(of: place.stream.id).path, "packet=pts_time")
                .compactMap { Double($0.prefix { $0 != "," }) }
            let start = try #require(times.first)
            #expect((0.4...0.6).contains(start))
            let gap = zip(times.dropFirst(), times).map { $0 - $1 }.max() ?? 0
            #expect((6.2...6.8).contains(gap), "\(gap) s")
            await library.shutdown()
        }
    }

    @Test("takes bytes only where they follow, only as many as announced, and from one writer at a time")
    func offsets() async throws {
        try await withPlace { place in
            let library = try await place.library()
            let upload = try await library.beginUpload(
                of: place.stream.id, length: 100, mimeType: "video/webm", parts: [])
            let id = upload.id
            await #expect(throws: RecordingError.wrongOffset(current: 0)) {
                try await library.append(pieces([1, 2]), at: 5, to: id)
            }
            #expect(try await library.append(pieces([UInt8](repeating: 1, count: 40)), at: 0, to: id) == 40)
            await #expect(throws: RecordingError.tooLarge(limit: 100)) {
                try await library.append(pieces([UInt8](repeating: 1, count: 61)), at: 40, to: id)
            }
            #expect(try await library.upload(id).offset == 40)

            let (stream, continuation) = AsyncStream<[UInt8]>.makeStream()
            async let slow = library.append(stream, at: 40, to: id)
            var second: RecordingError?
            for _ in 0..<1_000 where second == nil {
                do { _ = try await library.append(pieces([]), at: 40, to: id) } catch {
                    second = error as? RecordingError
                }
            }
            #expect(second == .locked)
            continuation.yield([UInt8](repeating: 2, count: 10))
            continuation.finish()
            #expect(try await slow == 50)
            await #expect(throws: RecordingError.notFound) {
                try await library.append(pieces([1]), at: 0, to: .random())
            }
            await library.shutdown()
        }
    }

    @Test(
        "refuses what can't become a replay",
        arguments: ["text/html", "video/x-matroska", "audio/webm", "application/x-mpegURL", "", "../../x"])
    func types(mimeType: String) async throws {
        try await withPlace { place in
            let library = try await place.library()
            let error = await #expect(throws: RecordingError.self) {
                try await library.beginUpload(of: place.stream.id, length: 10, mimeType: mimeType, parts: [])
            }
            guard case .invalid = error else { throw try #require(error) }
            #expect(try await place.recording() == nil)
        }
    }

    @Test("refuses parts that don't add up or don't follow each other")
    func wrongParts() async throws {
        try await withPlace { place in
            let library = try await place.library()
            let wrong: [[(Int64, Int64)]] = [
                [(5, 0)], [(11, 0)], [(5, 0), (5, 0)], [(5, 9), (5, 3)], [(10, -1)], [(15, 0), (-5, 1)],
                [(Int64.max, 0), (Int64.max, 1)],
            ]
            for parts in wrong {
                let parts = parts.map { UploadPart(sizeBytes: $0.0, startMS: $0.1) }
                await #expect(throws: RecordingError.self) {
                    try await library.beginUpload(
                        of: place.stream.id, length: 10, mimeType: "video/webm", parts: parts)
                }
            }
        }
    }

    @Test("fails with what is no recording, serves nothing of it, and takes another")
    func garbage() async throws {
        try await withPlace { place in
            let library = try await place.library()
            // A playlist that would name a file of the server, were it read as one.
            let text = "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"
            let upload = try await library.beginUpload(
                of: place.stream.id, length: Int64(text.utf8.count), mimeType: "video/webm", parts: [])
            _ = try await library.append(pieces(text.utf8), at: 0, to: upload.id)
            #expect(try await place.processed()?.status == .failed)
            #expect(throws: RecordingError.notFound) { try library.replay(of: place.stream.id) }
            await #expect(throws: RecordingError.notFound) { try await library.upload(upload.id) }

            let bytes = try await webm(seconds: 1)
            let second = try await library.beginUpload(
                of: place.stream.id, length: Int64(bytes.count), mimeType: "video/webm", parts: [])
            _ = try await library.append(pieces(bytes), at: 0, to: second.id)
            #expect(try await place.processed()?.status == .ready)
            await library.remove(stream: place.stream.id)
            #expect(throws: RecordingError.notFound) { try library.replay(of: place.stream.id) }
            await library.shutdown()
        }
    }

    @Test("processes at the next start what a stop interrupted")
    func interruptedProcessing() async throws {
        try await withPlace { place in
            let bytes = try await webm(seconds: 2)
            var library = try await place.library()
            let upload = try await library.beginUpload(
                of: place.stream.id, length: Int64(bytes.count), mimeType: "video/webm", parts: [])
            _ = try await library.append(pieces(bytes), at: 0, to: upload.id)
            await library.shutdown()
            #expect(try await place.recording()?.status == .processing)
            library = try await place.library()
            #expect(try await place.processed()?.status == .ready)
            await library.shutdown()
        }
    }
}
