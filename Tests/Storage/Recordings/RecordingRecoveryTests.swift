import Foundation
import Subprocess
import Testing
import Wire

@testable import Storage

@Suite("A recording survives", .serialized, .timeLimit(.minutes(2)))
struct RecordingRecoveryTests {
    /// Has ffmpeg tell through a pipe that it runs, and then do nothing.
    private let hanging = "echo runs > pipe; exec sleep 600"

    /// Uploads a recording to a library whose ffmpeg hangs, and returns when that runs.
    private func hang(_ place: RecordingPlace) async throws -> RecordingLibrary {
        let library = try await place.library(ffmpeg: try place.ffmpeg(after: hanging))
        #expect(mkfifo("\(place.folder)/pipe", 0o600) == 0)
        let bytes = try await RecordedMedia.webm(seconds: 2)
        let upload = try await library.beginUpload(
            of: place.stream.id, length: Int64(bytes.count), mimeType: "video/webm", parts: [])
        _ = try await library.append(chunks(of: bytes), at: 0, to: upload.id)
        let told = try await run(
            .name("cat"), arguments: ["\(place.folder)/pipe"], output: .string(limit: 100), error: .discarded)
        #expect(told.standardOutput == "runs\n")
        return library
    }

    @Test("a stop while ffmpeg runs: the next start processes it")
    func stop() async throws {
        try await RecordingPlace.with { place in
            await (try hang(place)).shutdown()
            #expect(try await place.recording()?.status == .processing)
            let library = try await place.library()
            #expect(try await place.processed(by: library).status == .ready)
        }
    }

    @Test(
        "what is no fault of its own: it is processed again",
        arguments: [
            "echo 'Error writing trailer of part0.webm: No space left on device' >&2; exit 0",
            "echo 'Error writing trailer of part0.webm: Input/output error' >&2; exit 0", "exit 127", "exit 255",
            "kill -TERM $$", "kill -KILL $$",
        ])
    func trouble(script: String) async throws {
        try await RecordingPlace.with { place in
            let ffmpeg = try place.ffmpeg(after: "if mkdir tried 2>/dev/null; then \(script); fi")
            var patience = RecordingLibrary.Patience()
            patience.retryDelay = .milliseconds(1)
            let library = try await place.library(ffmpeg: ffmpeg, patience: patience)
            let recording = try await place.record([(try await RecordedMedia.webm(seconds: 1), 0)], in: library)
            #expect(recording.status == .ready)
            #expect(FileManager.default.fileExists(atPath: "\(place.folder)/tried"))
        }
    }

    @Test("an ffmpeg that complains without end")
    func complaints() async throws {
        try await RecordingPlace.with { place in
            let library = try await place.library(ffmpeg: try place.ffmpeg(after: "seq 200000 >&2"))
            let recording = try await place.record([(try await RecordedMedia.webm(seconds: 1), 0)], in: library)
            #expect(recording.status == .ready)
        }
    }

    @Test("not the deletion of its livestream: it ends ffmpeg and leaves nothing")
    func deletion() async throws {
        try await RecordingPlace.with { place in
            let library = try await hang(place)
            try await library.markDeletion(of: place.stream.id)
            try await place.store.delete(place.stream.id)
            await library.remove(stream: place.stream.id)
            #expect(await library.processing?.job == nil, "ffmpeg may still write")
            #expect(place.files() == [])
            #expect(throws: RecordingError.notFound) { try library.replay(of: place.stream.id) }
        }
    }

    @Test("not a crash between the deletion of a livestream and that of its files")
    func orphans() async throws {
        try await RecordingPlace.with { place in
            var library = try await place.library()
            _ = try await place.record([(try await RecordedMedia.webm(seconds: 1), 0)], in: library)
            _ = try await library.beginUpload(of: place.stream.id, length: 9, mimeType: "video/webm", parts: [])
            let other = try await place.store.make("Other")
            let kept = try await library.beginUpload(of: other.id, length: 9, mimeType: "video/webm", parts: [])
            await library.shutdown()
            let uploads = "\(place.folder)/recordings/uploads"
            for stray in ["strayupload1.part", "strayupload2.json", "\(kept.id).json.new", "x.json"] {
                #expect(FileManager.default.createFile(atPath: "\(uploads)/\(stray)", contents: Data("{}".utf8)))
            }
            try await library.markDeletion(of: place.stream.id)
            try await place.store.delete(place.stream.id)

            library = try await place.library()
            #expect(try await library.upload(kept.id).length == 9)
            #expect(FileManager.default.createFile(atPath: "\(uploads)/unbegun1.part", contents: Data()))
            _ = try await place.library()
            #expect(
                place.files()
                    == [
                        "uploads/\(kept.id).json", "uploads/\(kept.id).part", "uploads/strayupload1.part",
                        "uploads/strayupload2.json", "uploads/x.json",
                    ].sorted(), "what a deletion has marked goes, what nobody knows stays")
        }
    }

    @Test("not a deletion that was not done after all: what it marked stays")
    func undoneDeletion() async throws {
        try await RecordingPlace.with { place in
            var library = try await place.library()
            _ = try await place.record([(try await RecordedMedia.webm(seconds: 1), 0)], in: library)
            try await library.markDeletion(of: place.stream.id)
            await library.shutdown()
            library = try await place.library()
            #expect(throws: Never.self) { try library.replay(of: place.stream.id) }
            try await place.store.delete(place.stream.id)  // by hand, without a word to the library
            library = try await place.library()
            #expect(throws: Never.self) { try library.replay(of: place.stream.id) }
        }
    }

    @Test("a store that lacks its record: nothing is deleted, and with the right one all goes on")
    func wrongStore() async throws {
        try await RecordingPlace.with { place in
            var library = try await place.library()
            _ = try await place.record([(try await RecordedMedia.webm(seconds: 1), 0)], in: library)
            let other = try await place.store.make("Other")
            let half = try await library.beginUpload(of: other.id, length: 9, mimeType: "video/webm", parts: [])
            _ = try await library.append(chunks(of: [1, 2, 3]), at: 0, to: half.id)
            await library.shutdown()
            let before = place.files()

            let empty = try await SQLiteStore(path: "\(place.folder)/empty.sqlite")
            let stranger = try await place.library(store: empty)
            #expect(await stranger.uploads.isEmpty)
            await stranger.shutdown()
            let ends = try await LooseEnds(folder: "\(place.folder)/recordings", store: empty).find()
            #expect(ends.count == before.count)
            await empty.close()

            #expect(place.files() == before)
            library = try await place.library()
            #expect(try await library.upload(half.id).offset == 3)
            #expect(throws: Never.self) { try library.replay(of: place.stream.id) }
            let none = try await LooseEnds(folder: "\(place.folder)/recordings", store: place.store).find()
            #expect(none == [])
        }
    }

    @Test("a mark of a deletion that meets another store: only the store that was asked can say that it is done")
    func foreignMark() async throws {
        try await RecordingPlace.with { place in
            var library = try await place.library()
            _ = try await place.record([(try await RecordedMedia.webm(seconds: 1), 0)], in: library)
            try await library.markDeletion(of: place.stream.id)
            await library.shutdown()
            let empty = try await SQLiteStore(path: "\(place.folder)/empty.sqlite")
            await (try place.library(store: empty)).shutdown()
            await empty.close()
            library = try await place.library()
            #expect(throws: Never.self) { try library.replay(of: place.stream.id) }
            // The record is still there: the deletion wasn't done.
            await library.settleDeletion(of: place.stream.id)
            #expect(library.files.markedDeletions.isEmpty)
            try await library.markDeletion(of: place.stream.id)
            try await place.store.delete(place.stream.id)
            await library.settleDeletion(of: place.stream.id)
            #expect(place.files() == [])
        }
    }

    @Test("being looked through: what hangs loose is found on both sides, and goes when that is said")
    func looseEnds() async throws {
        try await RecordingPlace.with { place in
            let library = try await place.library()
            _ = try await place.record([(try await RecordedMedia.webm(seconds: 1), 0)], in: library)
            let stranger = StreamID.random()
            let path = "\(place.folder)/recordings/\(stranger).webm"
            #expect(FileManager.default.createFile(atPath: path, contents: Data("abc".utf8)))
            try FileManager.default.removeItem(atPath: library.replay(of: place.stream.id).path)
            let check = LooseEnds(folder: "\(place.folder)/recordings", store: place.store)
            let ends = try await check.find()
            #expect(
                ends == [
                    .file(
                        path: path, sizeBytes: 3,
                        reason: "the replay of livestream \(stranger), which the store lacks"),
                    .missingReplay(place.stream.id),
                ])
            for end in ends { try await check.remove(end) }
            #expect(try await check.find() == [])
            #expect(try await place.recording() == nil)
        }
    }
}
