import Foundation
import TestSupport
import Testing
import Wire

@testable import Storage

@Suite("A recording in runs", .serialized, .timeLimit(.minutes(2)))
struct RunTests {
    private func key(_ device: String, _ run: Int) throws -> RecordingRun.Key {
        try #require(RecordingRun.Key(device: device, run: run))
    }

    private let laptop = "laptop-0001"
    private let phone = "phone-00001"

    private func end(_ place: RecordingPlace, _ library: RecordingLibrary) async throws {
        let times = [Timestamp(milliseconds: 1_000), Timestamp(milliseconds: 61_000)]
        try await place.store.append([.started(at: times[0]), .ended(at: times[1])], to: place.stream.id)
        await library.makeReplayIfDue(of: place.stream.id)
    }

    @discardableResult
    private func upload(
        _ bytes: [UInt8], _ key: RecordingRun.Key, startMS: Int64, mimeType: String = "video/webm",
        to place: RecordingPlace, _ library: RecordingLibrary
    ) async throws -> Upload {
        let upload = try await library.beginUpload(
            of: place.stream.id,
            UploadPlan(
                length: Int64(bytes.count), mimeType: mimeType,
                parts: [UploadPart(sizeBytes: Int64(bytes.count), startMS: startMS)], run: key))
        _ = try await library.append(chunks(of: bytes), at: 0, to: upload.id)
        return upload
    }

    @Test("of two devices makes one replay in the order of the show's clock, once all of them are here")
    func twoDevices() async throws {
        try await RecordingPlace.with { place in
            let library = try await place.library()
            let (first, second) = try (key(laptop, 1), key(phone, 1))
            try await library.announce(first, startsAtMS: 0, of: place.stream.id)
            try await library.announce(second, startsAtMS: 5_000, of: place.stream.id)
            #expect(try await place.recording()?.status == .waiting)
            // The later one comes first, and before the show is over.
            try await upload(try await RecordedMedia.webm(seconds: 2), second, startMS: 5_000, to: place, library)
            try await end(place, library)
            #expect(try await place.recording()?.status == .waiting, "one is missing")
            #expect(throws: RecordingError.notFound) { try library.replay(of: place.stream.id) }
            try await upload(try await RecordedMedia.webm(seconds: 3), first, startMS: 0, to: place, library)
            let recording = try await place.processed(by: library)
            #expect(recording.status == .ready)
            #expect((6_800...7_200).contains(recording.durationMS), "\(recording.durationMS)")
            #expect(recording.runs.all.map(\.key) == [first, second])
            #expect(recording.runs.all.allSatisfy { $0.status == .whole && $0.durationMS > 1_500 })
        }
    }

    @Test("in other codecs and sizes is encoded again: a laptop's webm and a phone's mp4")
    func otherCodecs() async throws {
        try await RecordingPlace.with { place in
            let library = try await place.library()
            try await end(place, library)
            try await library.announce(try key(phone, 1), startsAtMS: 4_000, of: place.stream.id)
            try await upload(
                try await RecordedMedia.webm(seconds: 3), try key(laptop, 1), startMS: 0, to: place, library)
            try await upload(
                try await RecordedMedia.mp4(seconds: 2), try key(phone, 1), startMS: 4_000, mimeType: "video/mp4",
                to: place, library)
            let recording = try await place.processed(by: library)
            #expect(recording.status == .ready && recording.mimeType == "video/webm")
            #expect((5_800...6_300).contains(recording.durationMS), "\(recording.durationMS)")
        }
    }

    @Test("is made without what is missing when the host says so, and again when that comes")
    func finish() async throws {
        try await RecordingPlace.with { place in
            let library = try await place.library()
            let (here, late) = try (key(laptop, 1), key(phone, 1))
            await #expect(throws: RecordingError.self) { try await library.finishRuns(of: place.stream.id) }
            try await library.announce(late, startsAtMS: 4_000, of: place.stream.id)
            try await upload(try await RecordedMedia.webm(seconds: 2), here, startMS: 0, to: place, library)
            try await place.store.append([.started(at: Timestamp(milliseconds: 1_000))], to: place.stream.id)
            await #expect(throws: RecordingError.self, "the show isn't over") {
                try await library.finishRuns(of: place.stream.id)
            }
            try await end(place, library)
            try await library.finishRuns(of: place.stream.id)
            let first = try await place.processed(by: library)
            #expect((1_800...2_300).contains(first.durationMS))
            #expect(first.runs[late]?.status == .givenUp)

            try await upload(try await RecordedMedia.webm(seconds: 2), late, startMS: 4_000, to: place, library)
            var again = try await place.processed(by: library)
            while again.durationMS < 5_000 { again = try await place.processed(by: library) }
            #expect(again.status == .ready && again.runs[late]?.status == .whole)
        }
    }

    @Test("goes on over a restart at any step")
    func restart() async throws {
        try await RecordingPlace.with { place in
            var library = try await place.library()
            let (first, second) = try (key(laptop, 1), key(laptop, 2))
            try await library.announce(first, startsAtMS: 0, of: place.stream.id)
            try await upload(try await RecordedMedia.webm(seconds: 2), first, startMS: 0, to: place, library)
            try await end(place, library)
            await library.shutdown()
            library = try await place.library()
            _ = try await place.processed(by: library)
            await library.shutdown()
            library = try await place.library()
            // One that is in the replay is there for the next making, and not made again for itself.
            #expect(await library.waiting.isEmpty)
            #expect(await library.processing == nil)
            try await upload(try await RecordedMedia.webm(seconds: 2), second, startMS: 3_000, to: place, library)
            var recording = try await place.processed(by: library)
            while recording.durationMS < 4_000 { recording = try await place.processed(by: library) }
            #expect(recording.runs.all.count == 2)
        }
    }

    @Test("that was uploaded twice is in the replay once")
    func twice() async throws {
        try await RecordingPlace.with { place in
            let library = try await place.library()
            let only = try key(laptop, 1)
            try await upload(try await RecordedMedia.webm(seconds: 2), only, startMS: 0, to: place, library)
            try await upload(try await RecordedMedia.webm(seconds: 3), only, startMS: 0, to: place, library)
            try await end(place, library)
            var recording = try await place.processed(by: library)
            while recording.durationMS < 2_500 { recording = try await place.processed(by: library) }
            #expect(recording.status == .ready && recording.runs.all.count == 1)
            #expect(await library.uploads.count == 1)
        }
    }

    @Test("has 200 runs at most, and one that can't be read takes nothing from the others")
    func limits() async throws {
        try await RecordingPlace.with { place in
            let library = try await place.library()
            for run in 1...RecordingRuns.limit {
                try await library.announce(try key(laptop, run), startsAtMS: 0, of: place.stream.id)
            }
            await #expect(throws: RecordingError.self) {
                try await library.announce(try key(phone, 1), startsAtMS: 0, of: place.stream.id)
            }
            let other = RecordingPlace(folder: place.folder, store: place.store, stream: try await place.store.make())
            try await upload([UInt8](repeating: 7, count: 90), try key(laptop, 1), startMS: 0, to: other, library)
            try await end(other, library)
            #expect(try await other.processed(by: library).status == .failed)
            try await upload(
                try await RecordedMedia.webm(seconds: 1), try key(laptop, 2), startMS: 0, to: other, library)
            while try await other.recording()?.status != .ready { _ = try await other.processed(by: library) }
        }
    }

    @Test("ends when nobody goes on with it, and then nobody waits for it")
    func expiry() async throws {
        try await RecordingPlace.with { place in
            var library = try await place.library()
            let bytes = try await RecordedMedia.webm(seconds: 1)
            try await upload(bytes, try key(laptop, 1), startMS: 0, to: place, library)
            let half = try await library.beginUpload(
                of: place.stream.id, UploadPlan(length: 99, mimeType: "video/webm", run: try key(phone, 1)))
            try await end(place, library)
            await library.shutdown()
            let week = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000) + 8 * 86_400_000)
            library = try await place.library(now: week)
            await #expect(throws: RecordingError.notFound) { try await library.upload(half.id) }
            let recording = try await place.processed(by: library)
            let missing = try key(phone, 1)
            #expect(recording.status == .ready && recording.runs[missing]?.status == .givenUp)
        }
    }

    @Test("that outlasts a later one goes on behind it")
    func overlap() async throws {
        try await RecordingPlace.with { place in
            let library = try await place.library()
            let (long, short) = try (key(laptop, 1), key(phone, 1))
            try await library.announce(short, startsAtMS: 1_000, of: place.stream.id)
            try await upload(try await RecordedMedia.webm(seconds: 6), long, startMS: 0, to: place, library)
            try await upload(try await RecordedMedia.webm(seconds: 2), short, startMS: 1_000, to: place, library)
            let recording = try await place.processed(by: library)
            #expect((5_800...6_300).contains(recording.durationMS), "\(recording.durationMS)")
            let times = try await RecordedMedia.times(of: "v", in: library.replay(of: place.stream.id))
            let gap = zip(times.dropFirst(), times).map { $0 - $1 }.max() ?? 0
            #expect(gap < 0.4, "\(gap) s without a picture")
        }
    }

    @Test("is not forgotten for an upload of the whole that was begun and given up")
    func besideWhole() async throws {
        try await RecordingPlace.with { place in
            let library = try await place.library()
            let only = try key(laptop, 1)
            let bytes = try await RecordedMedia.webm(seconds: 1)
            let run = try await library.beginUpload(
                of: place.stream.id,
                UploadPlan(length: Int64(bytes.count), mimeType: "video/webm", run: only))
            let whole = try await library.beginUpload(of: place.stream.id, length: 9, mimeType: "video/webm", parts: [])
            #expect(try await place.recording()?.runs[only]?.status == .uploading)
            try await library.cancel(whole.id)
            _ = try await library.append(chunks(of: bytes), at: 0, to: run.id)
            let recording = try await place.processed(by: library)
            #expect(recording.status == .ready && recording.runs[only]?.status == .whole)
            let again = try await library.beginUpload(of: place.stream.id, length: 9, mimeType: "video/webm", parts: [])
            try await library.cancel(again.id)
            #expect(try await place.recording()?.runs[only]?.status == .whole)
        }
    }

    @Test("is refused when what the replay was made of is gone, and that stays while one is missing")
    func afterItsTime() async throws {
        try await RecordingPlace.with { place in
            var library = try await place.library()
            let (first, missing, unknown) = try (key(laptop, 1), key(phone, 1), key(phone, 2))
            try await library.announce(missing, startsAtMS: 2_000, of: place.stream.id)
            let bytes = try await RecordedMedia.webm(seconds: 1)
            try await upload(bytes, first, startMS: 0, to: place, library)
            try await end(place, library)
            try await library.finishRuns(of: place.stream.id)
            _ = try await place.processed(by: library)
            await library.shutdown()
            func later(_ days: Int64) -> Timestamp {
                Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000) + days * 86_400_000)
            }
            library = try await place.library(now: later(30))
            #expect(await library.wholeRuns(of: place.stream.id).count == 1, "one may still come")
            try await upload(bytes, missing, startMS: 2_000, to: place, library)
            while try await place.recording()?.runs[missing]?.durationMS ?? 0 == 0 {
                _ = try await place.processed(by: library)
            }
            await library.shutdown()
            library = try await place.library(now: later(60))
            #expect(await library.wholeRuns(of: place.stream.id).isEmpty)
            let replay = try library.replay(of: place.stream.id).sizeBytes
            let error = await #expect(throws: RecordingError.self) {
                try await upload(bytes, unknown, startMS: 4_000, to: place, library)
            }
            guard case .conflict = error else { throw try #require(error) }
            #expect(try library.replay(of: place.stream.id).sizeBytes == replay)
            #expect(try await place.recording()?.status == .ready)
        }
    }

    @Test("tells a client that comes back that it is whole, for a day")
    func settled() async throws {
        try await RecordingPlace.with { place in
            var library = try await place.library()
            let bytes = try await RecordedMedia.webm(seconds: 1)
            _ = try await place.record([(bytes, 0)], in: library)
            let id = try #require(await library.uploads.keys.first)
            for _ in 0..<2 {
                let upload = try await library.upload(id)
                #expect(upload.isWhole && upload.length == Int64(bytes.count))
                #expect(try await library.append(chunks(of: []), at: upload.length, to: id) == upload.length)
                await library.shutdown()
                library = try await place.library()
            }
            #expect(place.files() == ["\(place.stream.id).webm", "uploads/\(id).json"].sorted(), "the bytes are gone")
            await library.shutdown()
            let later = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000) + 2 * 86_400_000)
            library = try await place.library(now: later)
            await #expect(throws: RecordingError.notFound) { try await library.upload(id) }
        }
    }
}

@Suite("Recordings that overlap")
struct MediaTimelineTests {
    private func shown(_ spans: (Int64, Int64)...) -> [[Int64]] {
        MediaTimeline.segments(spans.map { .init(startMS: $0.0, durationMS: $0.1) })
            .map { [Int64($0.span), $0.startMS, $0.endMS] }
    }

    @Test("show the one that began last, and then what the others have beyond it")
    func order() {
        #expect(shown((0, 5_000), (4_000, 5_000)) == [[0, 0, 4_000], [1, 4_000, 9_000]])
        #expect(shown((0, 2_000), (5_000, 1_000)) == [[0, 0, 2_000], [1, 5_000, 6_000]])
        #expect(shown((0, 6_000), (1_000, 2_000)) == [[0, 0, 1_000], [1, 1_000, 3_000], [0, 3_000, 6_000]])
        #expect(shown((0, 3_000), (0, 2_000)) == [[1, 0, 2_000], [0, 2_000, 3_000]])
        #expect(shown((0, 3_000), (1_000, 1_800)) == [[0, 0, 1_000], [1, 1_000, 2_800]], "too short to go back to")
        #expect(shown((700, 1_000)) == [[0, 700, 1_700]])
    }

    @Test("lose no moment that one of them has", arguments: 1...200 as ClosedRange<UInt64>)
    func nothingLost(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let spans = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
            MediaTimeline.Span(
                startMS: .random(in: 0...9_000, using: &generator),
                durationMS: .random(in: 600...6_000, using: &generator))
        }.sorted { $0.startMS < $1.startMS }
        let segments = MediaTimeline.segments(spans)
        for (one, next) in zip(segments, segments.dropFirst()) { #expect(one.endMS <= next.startMS) }
        for time in stride(from: 0 as Int64, to: 16_000, by: 50) {
            let isThere = spans.contains { $0.startMS <= time && time < $0.endMS }
            let isShown = segments.contains { $0.startMS <= time && time < $0.endMS }
            // Only what is shorter than can be gone back to is left out.
            let isNear = segments.contains {
                abs($0.startMS - time) <= MediaTimeline.shortestMS || abs($0.endMS - time) <= MediaTimeline.shortestMS
            }
            #expect(isThere == isShown || (isThere && isNear))
        }
    }
}

@Suite("One file for several parts")
struct MediaTargetTests {
    private func facts(
        _ video: String, _ audio: String? = "opus", size: Int = 640, profile: String = "High", ms: Int64 = 1_000
    ) -> MediaFacts {
        MediaFacts(
            videoCodec: video, width: size, height: size, profile: profile, audioCodec: audio, durationMS: ms)
    }

    @Test("takes what most of the time is in, and holds what fits")
    func choice() {
        let mostlyVP8 = MediaTarget(joining: [facts("vp8", ms: 9_000), facts("h264", "aac")])
        #expect(mostlyVP8.format == .webm && mostlyVP8.holds(facts("vp8", size: 320)))
        #expect(!mostlyVP8.holds(facts("h264", "aac")) && !mostlyVP8.holds(facts("vp9")))
        let mostlyH264 = MediaTarget(joining: [facts("vp8"), facts("h264", "aac", ms: 9_000)])
        #expect(mostlyH264.format == .mp4 && mostlyH264.holds(facts("h264", "aac")))
        for other in [facts("h264", "aac", size: 320), facts("h264", "opus"), facts("h264", "aac", profile: "Main")] {
            #expect(!mostlyH264.holds(other))
        }
        #expect(mostlyH264.holds(facts("h264", nil)))
        // One file turns all of its picture or none, and has one rate of sound.
        func mp4(_ rotation: Int, rate: Int = 48_000) -> MediaFacts {
            MediaFacts(
                videoCodec: "h264", width: 640, height: 640, profile: "High", rotation: rotation, audioCodec: "aac",
                sampleRate: rate, channels: 1, durationMS: 1_000)
        }
        let turned = MediaTarget(joining: [mp4(90), mp4(90)])
        #expect(turned.holds(mp4(90)) && !turned.holds(mp4(0)))
        let mixed = MediaTarget(joining: [mp4(90), mp4(0)])
        #expect(mixed.holds(mp4(0)) && !mixed.holds(mp4(90)))
        let rates = MediaTarget(joining: [mp4(0), mp4(0, rate: 44_100)])
        #expect(rates.holds(mp4(0)) != rates.holds(mp4(0, rate: 44_100)))
        // Chromium's Matroska with H.264.
        #expect(MediaTarget(joining: [facts("h264", "opus")]).format == .mp4)
    }
}
