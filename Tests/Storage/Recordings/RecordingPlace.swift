import Foundation
import Logging
import Testing
import Wire

@testable import Storage

/// A livestream in a real store, and a folder for its recordings, with a way to open both again after a stop.
struct RecordingPlace {
    let folder: String
    let store: SQLiteStore
    let stream: Livestream

    static func with(_ body: (RecordingPlace) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let store = try await SQLiteStore(path: "\(folder)/store.sqlite")
            try await body(RecordingPlace(folder: folder, store: store, stream: try await store.make()))
            await store.close()
        }
    }

    func library(
        ffmpeg: String = "ffmpeg", patience: RecordingLibrary.Patience = .init(),
        store other: (any LivestreamStore)? = nil, now: Timestamp? = nil
    ) async throws -> RecordingLibrary {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return try await RecordingLibrary(
            folder: "\(folder)/recordings", store: other ?? store, logger: logger, ffmpeg: ffmpeg, patience: patience,
            now: { now ?? Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000)) })
    }

    /// The path of a program that stands in for ffmpeg: the lines of shell, and then the real one.
    func ffmpeg(after script: String) throws -> String {
        let path = "\(folder)/ffmpeg"
        let text = "#!/bin/sh\ncd '\(folder)'\n\(script)\nexec ffmpeg \"$@\"\n"
        #expect(
            FileManager.default.createFile(
                atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o755]))
        return path
    }

    func recording() async throws -> Recording? { try await store.livestream(stream.id).recording }

    /// Waits for a recording that ffmpeg is done with.
    func processed(by library: RecordingLibrary) async throws -> Recording {
        let (changes, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        await library.observe { _ in continuation.yield() }
        continuation.yield()
        for await _ in changes {
            if let recording = try await recording(), [.ready, .failed].contains(recording.status) {
                return recording
            }
        }
        throw CancellationError()
    }

    /// Uploads `runs` of the recorder as the parts of one recording, and waits for what becomes of it.
    func record(
        _ runs: [(bytes: [UInt8], startMS: Int64)], mimeType: String = "video/webm", in library: RecordingLibrary
    ) async throws -> Recording {
        let bytes = runs.flatMap(\.bytes)
        let upload = try await library.beginUpload(
            of: stream.id, length: Int64(bytes.count), mimeType: mimeType,
            parts: runs.map { UploadPart(sizeBytes: Int64($0.bytes.count), startMS: $0.startMS) })
        _ = try await library.append(chunks(of: bytes), at: 0, to: upload.id)
        return try await processed(by: library)
    }

    /// What recorders and ffmpeg have made.
    func media() -> [String] { files().filter { !$0.hasSuffix(".json") } }

    /// What is in the folder, below it too.
    func files() -> [String] {
        let all = FileManager.default.enumerator(atPath: "\(folder)/recordings")?.compactMap { $0 as? String } ?? []
        return all.filter { $0.contains(".") }.sorted()
    }
}

extension RecordingLibrary {
    func beginUpload(
        of stream: StreamID, length: Int64, mimeType: String, parts: [UploadPart]
    ) async throws(RecordingError) -> Upload {
        try await beginUpload(of: stream, UploadPlan(length: length, mimeType: mimeType, parts: parts))
    }
}

/// A body in chunks as they come from a socket.
func chunks(of bytes: some Collection<UInt8>) -> AsyncStream<[UInt8]> {
    AsyncStream { continuation in
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            continuation.yield(Array(rest.prefix(10_000)))
            rest = rest.dropFirst(10_000)
        }
        continuation.finish()
    }
}
