import Foundation
import Testing
import Wire

@testable import Storage

@Suite("A replay", .serialized, .timeLimit(.minutes(2)))
struct ReplayTests {
    @Test("is made of an upload in pieces, over a restart, and has an index and a length")
    func uploadToReplay() async throws {
        try await RecordingPlace.with { place in
            let bytes = try await RecordedMedia.webm(seconds: 4)
            var library = try await place.library()
            var upload = try await library.beginUpload(
                of: place.stream.id, length: Int64(bytes.count), mimeType: "video/webm;codecs=vp8,opus", parts: [])
            #expect(try await place.recording()?.status == .uploading)
            let half = bytes.count / 2
            #expect(try await library.append(chunks(of: bytes[..<half]), at: 0, to: upload.id) == Int64(half))
            #expect(throws: RecordingError.notFound) { try library.replay(of: place.stream.id) }
            await library.shutdown()

            library = try await place.library()
            upload = try await library.upload(upload.id)
            #expect(upload.offset == Int64(half))
            let end = try await library.append(chunks(of: bytes[half...]), at: upload.offset, to: upload.id)
            #expect(end == Int64(bytes.count))
            let recording = try await place.processed(by: library)
            #expect(recording.status == .ready && recording.mimeType == "video/webm")
            #expect((3_800...4_200).contains(recording.durationMS))
            let replay = try library.replay(of: place.stream.id)
            #expect(replay.sizeBytes == recording.sizeBytes)
            let head = try #require(FileManager.default.contents(atPath: replay.path)).prefix(4_096)
            #expect(head.range(of: Data([0x1C, 0x53, 0xBB, 0x6B])) != nil, "no index (Cues) at the front")
            await library.shutdown()
            #expect(place.media() == ["\(place.stream.id).webm"])
        }
    }

    @Test("keeps the gap between two parts, so that its clock is the show's", arguments: RecordingFormat.allCases)
    func gap(format: RecordingFormat) async throws {
        try await RecordingPlace.with { place in
            let library = try await place.library()
            let isWebM = format == .webm
            let first = isWebM ? try await RecordedMedia.webm(seconds: 3) : try await RecordedMedia.mp4(seconds: 3)
            let second = isWebM ? try await RecordedMedia.webm(seconds: 2) : try await RecordedMedia.mp4(seconds: 2)
            let recording = try await place.record(
                [(first, 500), (second, 10_000)], mimeType: format.mimeType, in: library)
            #expect(recording.status == .ready)
            #expect((11_800...12_200).contains(recording.durationMS), "\(recording.durationMS) ms")
            let times = try await RecordedMedia.times(of: "v", in: library.replay(of: place.stream.id))
            #expect((0.4...0.6).contains(try #require(times.first)))
            let gap = zip(times.dropFirst(), times).map { $0 - $1 }.max() ?? 0
            #expect((6.2...6.8).contains(gap), "\(gap) s")
        }
    }

    @Test("cuts off what a part has beyond the beginning of the next")
    func overlap() async throws {
        try await RecordingPlace.with { place in
            let library = try await place.library()
            let part = try await RecordedMedia.webm(seconds: 3)
            let recording = try await place.record([(part, 0), (part, 2_000)], in: library)
            #expect(recording.status == .ready && (4_900...5_100).contains(recording.durationMS))
            let times = try await RecordedMedia.times(of: "v", in: library.replay(of: place.stream.id))
            #expect(zip(times.dropFirst(), times).allSatisfy { $0 - $1 > 0.04 })
        }
    }

    @Test("leaves out a part that can't be read, and keeps the others' places")
    func unreadablePart() async throws {
        try await RecordingPlace.with { place in
            let library = try await place.library()
            let part = try await RecordedMedia.webm(seconds: 1)
            let recording = try await place.record(
                [(Array(part.prefix(300)), 0), (part, 2_000), ([1, 2, 3], 4_000), (part, 6_000)], in: library)
            #expect(recording.status == .ready && (6_900...7_100).contains(recording.durationMS))
            let times = try await RecordedMedia.times(of: "v", in: library.replay(of: place.stream.id))
            #expect((1.9...2.1).contains(try #require(times.first)))
        }
    }

    @Test("has the sound of a later part when the first has none")
    func laterSound() async throws {
        try await RecordingPlace.with { place in
            let library = try await place.library()
            let silent = try await RecordedMedia.webm(seconds: 1, hasSound: false)
            let recording = try await place.record(
                [(silent, 0), (try await RecordedMedia.webm(seconds: 1), 3_000)], in: library)
            #expect(recording.status == .ready)
            let times = try await RecordedMedia.times(of: "a", in: library.replay(of: place.stream.id))
            #expect(times.count { $0 > 2.9 } > 40)
        }
    }

    @Test("of parts with different codecs has one: the others are encoded again")
    func differentCodecs() async throws {
        try await RecordingPlace.with { place in
            let library = try await place.library()
            let recording = try await place.record(
                [
                    (try await RecordedMedia.webm(seconds: 1), 0),
                    (try await RecordedMedia.webm(seconds: 1, video: "libvpx-vp9"), 3_000),
                ], in: library)
            #expect(recording.status == .ready)
            #expect((3_800...4_200).contains(recording.durationMS), "\(recording.durationMS)")
        }
    }

    @Test("is not made of what is no recording, and the next upload may be one")
    func garbage() async throws {
        try await RecordingPlace.with { place in
            var library = try await place.library()
            // A playlist that would name a file of the server, were it read as one.
            let text = Array("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n".utf8)
            #expect(try await place.record([(text, 0)], in: library).status == .failed)
            #expect(throws: RecordingError.notFound) { try library.replay(of: place.stream.id) }
            await library.shutdown()
            #expect(place.media() == [])

            library = try await place.library()
            let bytes = try await RecordedMedia.webm(seconds: 1)
            #expect(try await place.record([(bytes, 0)], in: library).status == .ready)
            await library.remove(stream: place.stream.id)
            #expect(place.media() == [])
        }
    }

    @Test("stays as it is while a second upload comes, and when that is given up")
    func secondUpload() async throws {
        try await RecordingPlace.with { place in
            let library = try await place.library()
            let recording = try await place.record([(try await RecordedMedia.webm(seconds: 1), 0)], in: library)
            let replay = try library.replay(of: place.stream.id)
            let second = try await library.beginUpload(
                of: place.stream.id, length: 100, mimeType: "video/mp4", parts: [])
            #expect(try await library.append(chunks(of: [1, 2]), at: 0, to: second.id) == 2)
            #expect(try await place.recording()?.status == .uploading)
            #expect(try library.replay(of: place.stream.id).etag == replay.etag)
            try await library.cancel(second.id)
            #expect(try await place.recording() == recording)
            #expect(try library.replay(of: place.stream.id).etag == replay.etag)

            let mp4 = try await RecordedMedia.mp4(seconds: 2)
            #expect(try await place.record([(mp4, 0)], mimeType: "video/mp4", in: library).status == .ready)
            #expect(try library.replay(of: place.stream.id).mimeType == "video/mp4")
            await library.shutdown()
            #expect(place.media() == ["\(place.stream.id).mp4"])
        }
    }
}
