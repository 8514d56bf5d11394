internal import Foundation
package import Logging
package import Wire

/// The recordings on disk: uploads on their way in, and the replays made of them.
///
/// A piece is on disk to stay before it is acknowledged; a replay appears whole, by a rename, or not at all. What a
/// crash interrupts goes on at the next start.
package actor RecordingLibrary {
    private static let pieceBytes = 1 << 20

    private let folder: String
    let store: any LivestreamStore
    let logger: Logger
    let remuxer: Remuxer
    package nonisolated let maximumBytes: Int64

    private var uploads: [UploadID: Upload] = [:]
    private var writing: Set<UploadID> = []
    var waiting: [Upload] = []
    var processing: (upload: Upload, task: Task<Void, Never>)?
    var isStopping = false
    var onChange: @Sendable (StreamID) async -> Void = { _ in }

    /// Makes the folders, and picks up what the last run left.
    package init(
        folder: String, store: any LivestreamStore, logger: Logger, ffmpeg: String = "ffmpeg",
        ffprobe: String = "ffprobe", maximumBytes: Int64 = 16 << 30
    ) async throws {
        self.folder = URL(fileURLWithPath: folder).path
        self.store = store
        self.logger = logger
        self.maximumBytes = maximumBytes
        remuxer = Remuxer(program: ffmpeg, probe: ffprobe, logger: logger)
        try? FileManager.default.removeItem(atPath: scratchFolder)
        try FileManager.default.createDirectory(atPath: uploadFolder, withIntermediateDirectories: true)
        await pickUp()
    }

    nonisolated var uploadFolder: String { "\(folder)/uploads" }
    nonisolated var scratchFolder: String { "\(folder)/scratch" }
    nonisolated func bytes(of id: UploadID) -> DurableFile { DurableFile(path: "\(uploadFolder)/\(id).part") }
    nonisolated func sidecar(of id: UploadID) -> DurableFile { DurableFile(path: "\(uploadFolder)/\(id).json") }
    nonisolated func replayPath(of stream: StreamID, _ format: RecordingFormat) -> String {
        "\(folder)/\(stream).\(format.fileExtension)"
    }

    /// Has `action` called whenever a livestream's recording has another state.
    package func observe(_ action: @escaping @Sendable (StreamID) async -> Void) {
        onChange = action
    }

    /// An earlier upload of the same livestream that never became whole is given up for this one.
    package func beginUpload(
        of stream: StreamID, length: Int64, mimeType: String, parts: [UploadPart]
    ) async throws(RecordingError) -> Upload {
        guard let format = RecordingFormat(mimeType: mimeType) else {
            throw .invalid(reason: "A recording is video/webm or video/mp4.")
        }
        guard length > 0 else { throw .invalid(reason: "A recording has at least one byte.") }
        guard length <= maximumBytes else { throw .tooLarge(limit: maximumBytes) }
        let parts = parts.isEmpty ? [UploadPart(sizeBytes: length, startMS: 0)] : parts
        guard Self.areValid(parts, length: length) else {
            throw .invalid(reason: "The parts must follow each other in time, and their sizes make up the length.")
        }
        let upload = Upload(id: .random(), stream: stream, length: length, format: format, parts: parts, offset: 0)
        try await set(.uploading, of: upload)
        for former in uploads.values where former.stream == stream && !former.isWhole { await discard(former.id) }
        guard let description = try? Sidecar(upload).encoded() else { throw .unavailable(reason: "no sidecar") }
        try await bytes(of: upload.id).write([], at: 0, synchronize: true)
        try await sidecar(of: upload.id).replace(with: description)
        uploads[upload.id] = upload
        return upload
    }

    private static func areValid(_ parts: [UploadPart], length: Int64) -> Bool {
        let day: Int64 = 24 * 3_600_000
        guard parts.count <= 1_000,
            parts.allSatisfy({ (1...length).contains($0.sizeBytes) && (0...day).contains($0.startMS) })
        else { return false }
        let isInOrder = zip(parts, parts.dropFirst()).allSatisfy { $0.startMS < $1.startMS }
        return isInOrder && parts.reduce(0) { $0 + $1.sizeBytes } == length
    }

    package func upload(_ id: UploadID) throws(RecordingError) -> Upload {
        guard let upload = uploads[id] else { throw .notFound }
        return upload
    }

    /// Takes bytes from `offset` on, and returns the offset behind those that are on disk to stay. When the chunks
    /// end before their time, what came is kept.
    package func append<Chunks: AsyncSequence & Sendable>(
        _ chunks: Chunks, at offset: Int64, to id: UploadID
    ) async throws(RecordingError) -> Int64 where Chunks.Element == [UInt8] {
        let upload = try upload(id)
        guard !writing.contains(id) else { throw .locked }
        guard offset == upload.offset else { throw .wrongOffset(current: upload.offset) }
        writing.insert(id)
        defer { writing.remove(id) }
        let file = bytes(of: id)
        let end: Int64
        do {
            end = try await Self.write(chunks, to: file, from: offset, limit: upload.length)
        } catch {
            // The file goes back to what was acknowledged, so that no later piece lands behind a torn one.
            try? await file.write([], at: offset, synchronize: true)
            throw error
        }
        guard uploads[id] != nil else { throw .notFound }
        uploads[id]?.offset = end
        if let whole = uploads[id], whole.isWhole, end > offset { try await finish(whole) }
        return end
    }

    private static func write<Chunks: AsyncSequence & Sendable>(
        _ chunks: Chunks, to file: DurableFile, from offset: Int64, limit: Int64
    ) async throws(RecordingError) -> Int64 where Chunks.Element == [UInt8] {
        var (piece, end) = ([UInt8](), offset)
        var iterator = chunks.makeAsyncIterator()
        while let chunk = try? await iterator.next() {
            guard end + Int64(piece.count + chunk.count) <= limit else { throw .tooLarge(limit: limit) }
            piece += chunk
            guard piece.count >= pieceBytes else { continue }
            try await file.write(piece, at: end, synchronize: false)
            end += Int64(piece.count)
            piece = []
        }
        try await file.write(piece, at: end, synchronize: true)
        return end + Int64(piece.count)
    }

    /// Gives an upload up.
    package func cancel(_ id: UploadID) async throws(RecordingError) {
        let upload = try upload(id)
        guard !writing.contains(id) else { throw .locked }
        guard !upload.isWhole else { throw .invalid(reason: "The upload is whole already.") }
        await discard(id)
        await settle(upload.stream)
    }

    func discard(_ id: UploadID) async {
        uploads[id] = nil
        await sidecar(of: id).remove()
        await bytes(of: id).remove()
    }

    /// What the record says once an upload has been given up: the replay that is there, or nothing.
    private func settle(_ stream: StreamID) async {
        guard (try? replay(of: stream)) == nil else { return }
        try? await store.setRecording(nil, of: stream)
        await onChange(stream)
    }

    /// `.notFound` until one is whole.
    package nonisolated func replay(of stream: StreamID) throws(RecordingError) -> ReplayFile {
        for format in RecordingFormat.allCases {
            let path = replayPath(of: stream, format)
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
                let size = (attributes[.size] as? NSNumber)?.int64Value,
                let changed = attributes[.modificationDate] as? Date
            else { continue }
            let etag = "\"\(String(size, radix: 36))-\(String(Int64(changed.timeIntervalSince1970 * 1e6), radix: 36))\""
            return ReplayFile(path: path, sizeBytes: size, mimeType: format.mimeType, etag: etag)
        }
        throw .notFound
    }

    /// Everything of a livestream that was deleted.
    package func remove(stream: StreamID) async {
        waiting.removeAll { $0.stream == stream }
        if processing?.upload.stream == stream { processing?.task.cancel() }
        for upload in uploads.values where upload.stream == stream { await discard(upload.id) }
        for format in RecordingFormat.allCases { await DurableFile(path: replayPath(of: stream, format)).remove() }
    }

    /// Ends what is under way. It is picked up at the next start.
    package func shutdown() async {
        isStopping = true
        waiting = []
        processing?.task.cancel()
        await processing?.task.value
    }

    private func pickUp() async {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: uploadFolder)) ?? []
        for name in names.sorted() {
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 2, parts[1] == "json", let id = UploadID(String(parts[0])),
                let sidecar = try? Sidecar(path: "\(uploadFolder)/\(name)")
            else { continue }
            let upload = Upload(
                id: id, stream: sidecar.stream, length: sidecar.length, format: sidecar.format, parts: sidecar.parts,
                offset: min(await bytes(of: id).size, sidecar.length))
            uploads[id] = upload
            if upload.isWhole { waiting.append(upload) }
        }
        for name in names where uploads[UploadID(String(name.prefix { $0 != "." })) ?? .random()] == nil {
            await DurableFile(path: "\(uploadFolder)/\(name)").remove()
        }
        processNext()
    }
}
