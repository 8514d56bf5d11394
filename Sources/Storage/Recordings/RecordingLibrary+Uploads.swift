internal import Foundation
package import Wire

/// Uploads by the rules of tus 1.0.0, without its HTTP.
extension RecordingLibrary {
    private static let pieceBytes = 1 << 20
    private static let bytesBetweenSynchronizations = 4 << 20

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
        uploads[upload.id] = upload
        do throws(RecordingError) {
            try await bytes(of: upload.id).create()
            try await sidecar(of: upload.id).replace(with: try Sidecar(upload).encoded())
            // After the files: a record that says "uploading" has an upload behind it, whenever the machine dies.
            try await set(.uploading, of: upload)
            guard uploads[upload.id] != nil else { throw .notFound }
        } catch {
            await discard(upload.id)
            throw error
        }
        for former in uploads.values where former.stream == stream && !former.isWhole && former.id != upload.id {
            await discard(former.id)
        }
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
        if let former = writers[id] {
            // A phone that changed its network comes back on another connection; the old one just falls silent.
            guard former.progress.idleTime >= patience.writerIdleTime else { throw .locked }
            former.task.cancel()
            _ = await former.task.value
        }
        let upload = try upload(id)
        guard writers[id] == nil else { throw .locked }
        guard offset == upload.offset else { throw .wrongOffset(current: upload.offset) }
        let progress = UploadWriter.Progress()
        let task = Task { await receive(chunks, of: upload, progress) }
        writers[id] = UploadWriter(progress: progress, task: task)
        return try await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }.get()
    }

    private func receive<Chunks: AsyncSequence & Sendable>(
        _ chunks: Chunks, of upload: Upload, _ progress: UploadWriter.Progress
    ) async -> Result<Int64, RecordingError> where Chunks.Element == [UInt8] {
        defer { writers[upload.id] = nil }
        let file = bytes(of: upload.id)
        let end: Int64
        do throws(RecordingError) {
            end = try await Self.write(chunks, to: file, from: upload.offset, limit: upload.length, progress)
        } catch {
            // The file goes back to what was acknowledged, so that no later piece lands behind a torn one.
            try? await file.write([], at: upload.offset, synchronize: true)
            return .failure(uploads[upload.id] == nil ? .notFound : error)
        }
        guard uploads[upload.id] != nil else { return .failure(.notFound) }
        uploads[upload.id]?.offset = end
        guard let whole = uploads[upload.id], whole.isWhole, end > upload.offset else { return .success(end) }
        return await finish(whole) ? .success(end) : .failure(.notFound)
    }

    private static func write<Chunks: AsyncSequence & Sendable>(
        _ chunks: Chunks, to file: DurableFile, from offset: Int64, limit: Int64, _ progress: UploadWriter.Progress
    ) async throws(RecordingError) -> Int64 where Chunks.Element == [UInt8] {
        var (piece, end, synchronized) = ([UInt8](), offset, offset)
        var iterator = chunks.makeAsyncIterator()
        while let chunk = try? await iterator.next() {
            progress.note()
            guard end + Int64(piece.count + chunk.count) <= limit else { throw .tooLarge(limit: limit) }
            piece += chunk
            guard piece.count >= pieceBytes else { continue }
            let isDue = end + Int64(piece.count) - synchronized >= bytesBetweenSynchronizations
            try await file.write(piece, at: end, synchronize: isDue)
            end += Int64(piece.count)
            if isDue { synchronized = end }
            piece = []
        }
        try await file.write(piece, at: end, synchronize: true)
        return end + Int64(piece.count)
    }

    /// Gives an upload up.
    package func cancel(_ id: UploadID) async throws(RecordingError) {
        let upload = try upload(id)
        guard writers[id] == nil else { throw .locked }
        guard !upload.isWhole else { throw .invalid(reason: "The upload is whole already.") }
        await discard(id)
        await settle(upload.stream)
    }

    func discard(_ id: UploadID) async {
        uploads[id] = nil
        writers[id]?.task.cancel()
        await sidecar(of: id).remove()
        await bytes(of: id).remove()
    }

    /// What the record says once an upload has been given up: the replay that is there, or nothing.
    private func settle(_ stream: StreamID) async {
        var recording: Recording?
        if let replay = try? replay(of: stream), let duration = try? await remuxer.duration(of: replay.path) {
            recording = Recording(
                status: .ready, mimeType: replay.mimeType, sizeBytes: replay.sizeBytes, durationMS: duration)
        }
        try? await set(recording, of: stream)
    }
}
