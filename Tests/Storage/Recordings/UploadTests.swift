import Foundation
import Testing
import Wire

@testable import Storage

@Suite("An upload", .timeLimit(.minutes(1)))
struct UploadTests {
    private func begin(_ place: RecordingPlace, _ library: RecordingLibrary) async throws -> UploadID {
        try await library.beginUpload(of: place.stream.id, length: 100, mimeType: "video/webm", parts: []).id
    }

    private let forty = [UInt8](repeating: 1, count: 40)

    @Test("takes bytes only where they follow, and only as many as announced")
    func offsets() async throws {
        try await RecordingPlace.with { place in
            let library = try await place.library()
            let id = try await begin(place, library)
            await #expect(throws: RecordingError.wrongOffset(current: 0)) {
                try await library.append(chunks(of: [1, 2]), at: 5, to: id)
            }
            #expect(try await library.append(chunks(of: forty), at: 0, to: id) == 40)
            await #expect(throws: RecordingError.tooLarge(limit: 100)) {
                try await library.append(chunks(of: forty + forty), at: 40, to: id)
            }
            #expect(try await library.upload(id).offset == 40)
            #expect(await library.files.bytes(of: id).size == 40)
            await #expect(throws: RecordingError.notFound) {
                try await library.append(chunks(of: [1]), at: 0, to: .random())
            }
        }
    }

    @Test("has one writer at a time")
    func oneWriter() async throws {
        try await RecordingPlace.with { place in
            let library = try await place.library()
            let id = try await begin(place, library)
            let body = SilentBody(forty)
            let slow = Task { try await library.append(body.chunks, at: 0, to: id) }
            await body.untilSilent()
            await #expect(throws: RecordingError.locked) {
                try await library.append(chunks(of: [1]), at: 0, to: id)
            }
            await #expect(throws: RecordingError.locked) { try await library.cancel(id) }
            body.finish()
            #expect(try await slow.value == 40)
        }
    }

    @Test("goes from a writer that fell silent to the next, with what came")
    func silentWriter() async throws {
        try await RecordingPlace.with { place in
            var patience = RecordingLibrary.Patience()
            patience.writerIdleTime = .zero
            let library = try await place.library(patience: patience)
            let id = try await begin(place, library)
            let body = SilentBody(forty)
            let slow = Task { try await library.append(body.chunks, at: 0, to: id) }
            await body.untilSilent()
            await #expect(throws: RecordingError.wrongOffset(current: 40)) {
                try await library.append(chunks(of: [1]), at: 0, to: id)
            }
            #expect(try await slow.value == 40)
            #expect(try await library.append(chunks(of: [1]), at: 40, to: id) == 41)
        }
    }

    @Test("keeps what came of a body that stopped half way at a stop of the server")
    func halfBody() async throws {
        try await RecordingPlace.with { place in
            let library = try await place.library()
            let id = try await begin(place, library)
            let body = SilentBody(forty)
            let slow = Task { try await library.append(body.chunks, at: 0, to: id) }
            await body.untilSilent()
            await library.shutdown()
            #expect(try await slow.value == 40)
            #expect(try await place.library().upload(id).offset == 40)
        }
    }

    @Test("is replaced by a later one of the same livestream, and leaves nothing")
    func replaced() async throws {
        try await RecordingPlace.with { place in
            let library = try await place.library()
            let first = try await begin(place, library)
            let body = SilentBody(forty)
            let slow = Task { try await library.append(body.chunks, at: 0, to: first) }
            await body.untilSilent()
            let second = try await begin(place, library)
            await #expect(throws: RecordingError.notFound) { try await slow.value }
            await #expect(throws: RecordingError.notFound) { try await library.upload(first) }
            #expect(place.files() == ["uploads/\(second).json", "uploads/\(second).part"])
        }
    }

    @Test("goes with its livestream, even while it is written")
    func removed() async throws {
        try await RecordingPlace.with { place in
            let library = try await place.library()
            let id = try await begin(place, library)
            let body = SilentBody(forty)
            let slow = Task { try await library.append(body.chunks, at: 0, to: id) }
            await body.untilSilent()
            try await place.store.delete(place.stream.id)
            await library.remove(stream: place.stream.id)
            await #expect(throws: RecordingError.notFound) { try await slow.value }
            #expect(place.files() == [])
            await #expect(throws: RecordingError.notFound) { try await begin(place, library) }
            #expect(place.files() == [])
        }
    }

    @Test(
        "is refused when it can't become a replay",
        arguments: ["text/html", "video/quicktime", "audio/webm", "application/x-mpegURL", "", "../../x"])
    func types(mimeType: String) async throws {
        try await RecordingPlace.with { place in
            let library = try await place.library()
            let error = await #expect(throws: RecordingError.self) {
                try await library.beginUpload(of: place.stream.id, length: 10, mimeType: mimeType, parts: [])
            }
            guard case .invalid = error else { throw try #require(error) }
            #expect(try await place.recording() == nil)
            #expect(place.files() == [])
        }
    }

    @Test("is refused when its parts don't add up or don't follow each other")
    func wrongParts() async throws {
        try await RecordingPlace.with { place in
            let library = try await place.library()
            let wrong: [[(Int64, Int64)]] = [
                [(5, 0)], [(11, 0)], [(5, 0), (5, 0)], [(5, 9), (5, 3)], [(10, -1)], [(15, 0), (-5, 1)],
                [(Int64.max, 0), (Int64.max, 1)],
            ]
            for parts in wrong {
                let parts = parts.map { UploadPart(sizeBytes: $0.0, startMS: $0.1) }
                let error = await #expect(throws: RecordingError.self) {
                    try await library.beginUpload(
                        of: place.stream.id, length: 10, mimeType: "video/webm", parts: parts)
                }
                guard case .invalid = error else { throw try #require(error) }
            }
        }
    }
}
