internal import Foundation
internal import Logging
package import Wire

/// Uploads by the rules of tus 1.0.0, without its HTTP.
extension RecordingLibrary {
    private static let pieceBytes = 1 << 20
    private static let bytesBetweenSynchronizations = 4 << 20

    /// An earlier upload of the same livestream, or of the same run, that never became whole is given up for this one.
    package func beginUpload(of stream: StreamID, _ plan: UploadPlan) async throws(RecordingError) -> Upload {
        let upload = try upload(of: stream, plan)
        uploads[upload.id] = upload
        do throws(RecordingError) {
            try await files.bytes(of: upload.id).create()
            try await files.sidecar(of: upload.id).replace(with: try Sidecar(upload).encoded())
            // After the files: a record that says "uploading" has an upload behind it, whenever the machine dies.
            try await announce(upload)
            guard uploads[upload.id] != nil else { throw .notFound }
        } catch {
            await discard(upload.id)
            throw error
        }
        for former in uploads.values
        where former.stream == stream && former.run == upload.run && !former.isWhole && former.id != upload.id {
            await discard(former.id)
        }
        return upload
    }

    private func announce(_ upload: Upload) async throws(RecordingError) {
        guard let key = upload.run else { return try await set(.uploading, of: upload) }
        let isTaken = Flag()
        let isWhole = Flag()
        let here = Set(wholeRuns(of: upload.stream).compactMap(\.run))
        try await changeRuns(of: upload.stream) { runs in
            // A replay of this run alone would take the place of one of all the others.
            isWhole.value = runs.all.allSatisfy { $0.status != .whole || $0.key == key || here.contains($0.key) }
            guard isWhole.value else { return false }
            isTaken.value = runs.begin(key, startsAtMS: upload.startsAtMS)
            return isTaken.value
        }
        guard isWhole.value else {
            throw .conflict(reason: "What the replay was made of is gone after its time: nothing can be added to it.")
        }
        guard isTaken.value else { throw Self.tooManyRuns }
    }

    private func upload(of stream: StreamID, _ plan: UploadPlan) throws(RecordingError) -> Upload {
        guard let format = RecordingFormat(mimeType: plan.mimeType) else {
            throw .invalid(reason: "A recording is video/webm, video/x-matroska or video/mp4.")
        }
        guard plan.length > 0 else { throw .invalid(reason: "A recording has at least one byte.") }
        guard plan.length <= maximumBytes else { throw .tooLarge(limit: maximumBytes) }
        let parts = plan.parts.isEmpty ? [UploadPart(sizeBytes: plan.length, startMS: 0)] : plan.parts
        guard Self.areValid(parts, length: plan.length), plan.run == nil || parts.count == 1 else {
            throw .invalid(reason: "The parts must follow each other in time, and their sizes make up the length.")
        }
        return Upload(
            id: .random(), stream: stream, length: plan.length, format: format, parts: parts, run: plan.run,
            metadata: plan.metadata, offset: 0, touched: now())
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
        if upload.isSettled { return upload.length }
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
        let file = files.bytes(of: upload.id)
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
        uploads[upload.id]?.touched = now()
        guard let whole = uploads[upload.id], whole.isWhole, end > upload.offset else { return .success(end) }
        guard let key = whole.run else { return await finish(whole) ? .success(end) : .failure(.notFound) }
        await finishRun(whole, key)
        return .success(end)
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
        guard upload.isSettled || !upload.isWhole else { throw .invalid(reason: "The upload is whole already.") }
        await discard(id)
        guard !upload.isSettled else { return }
        if let key = upload.run { await giveUp(key, of: upload.stream) } else { await settle(upload.stream) }
    }

    private func giveUp(_ key: RecordingRun.Key, of stream: StreamID) async {
        try? await changeRuns(of: stream) { runs in
            runs.giveUp(key)
            return true
        }
        await makeReplayIfDue(of: stream)
    }

    /// What becomes of it is decided: its bytes go, and that it was whole is known for a while.
    func settle(_ id: UploadID) async {
        guard var upload = uploads[id] else { return }
        upload.isSettled = true
        upload.touched = now()
        uploads[id] = upload
        if let text = try? Sidecar(upload).encoded() { try? await files.sidecar(of: id).replace(with: text) }
        await files.bytes(of: id).remove()
    }

    /// Ends what nobody has gone on with, and forgets what has long been settled.
    package func sweepUploads() async {
        for upload in uploads.values where writers[upload.id] == nil {
            let age = now().milliseconds(since: upload.touched)
            if upload.isSettled {
                if age > patience.settledExpiryMS { await discard(upload.id) }
            } else if upload.isWhole {
                // One that is in no replay yet is all that there is of it, and while another may come all are needed.
                if upload.isMade, age > patience.uploadExpiryMS, await isComplete(upload.stream) {
                    await settle(upload.id)
                }
            } else if age > patience.uploadExpiryMS {
                logger.notice("an upload was given up by its client", metadata: ["stream": "\(upload.stream)"])
                try? await cancel(upload.id)
            }
        }
        // What a store that was away has kept from being made.
        for stream in Set(uploads.values.filter { $0.run != nil && $0.isWhole && !$0.isMade }.map(\.stream)) {
            await makeReplayIfDue(of: stream)
        }
    }

    /// No run of a show has been given up, or is still expected.
    private func isComplete(_ stream: StreamID) async -> Bool {
        guard let runs = try? await livestream(stream).recording?.runs else { return false }
        return runs.all.allSatisfy { $0.status == .whole }
    }

    /// When an upload ends if nobody goes on with it.
    package nonisolated func expiry(of upload: Upload) -> Timestamp {
        upload.touched.advanced(byMilliseconds: upload.isSettled ? patience.settledExpiryMS : patience.uploadExpiryMS)
    }

    func discard(_ id: UploadID) async {
        uploads[id] = nil
        writers[id]?.task.cancel()
        await files.sidecar(of: id).remove()
        await files.bytes(of: id).remove()
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
