import Foundation
import Testing
import Wire

@testable import Storage

@Suite("A replay's file")
struct ReplayFileTests {
    private func put(_ byte: UInt8, _ count: Int, at path: String) async throws {
        let temporary = path + ".new"
        try Data(repeating: byte, count: count).write(to: URL(fileURLWithPath: temporary))
        try await DurableFile(path: temporary).rename(to: path)
    }

    @Test("is what it was when it was opened, whatever takes its name, and if nothing does")
    func replaced() async throws {
        try await RecordingPlace.with { place in
            let library = try await place.library()
            let path = library.files.replay(of: place.stream.id, .webm).path
            try await put(1, 300_000, at: path)
            let old = try library.replay(of: place.stream.id)
            try await put(2, 100, at: path)
            let new = try library.replay(of: place.stream.id)
            await library.files.removeReplays(of: place.stream.id)
            #expect(throws: RecordingError.notFound) { try library.replay(of: place.stream.id) }
            #expect((old.sizeBytes, new.sizeBytes) == (300_000, 100))
            #expect(old.etag != new.etag)
            #expect(try old.read(100_000, at: 200_000) == [UInt8](repeating: 1, count: 100_000))
            #expect(try new.read(1_000, at: 1) == [UInt8](repeating: 2, count: 99))
            #expect(try new.read(10, at: 100) == [])
        }
    }

    @Test("isn't there when nothing is in it, or when it is a folder")
    func empty() async throws {
        try await RecordingPlace.with { place in
            let library = try await place.library()
            try await put(1, 0, at: library.files.replay(of: place.stream.id, .webm).path)
            #expect(throws: RecordingError.notFound) { try library.replay(of: place.stream.id) }
            let folder = library.files.replay(of: place.stream.id, .mp4).path
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            #expect(throws: RecordingError.notFound) { try library.replay(of: place.stream.id) }
        }
    }
}
