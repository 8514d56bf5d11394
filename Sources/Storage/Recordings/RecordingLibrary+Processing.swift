internal import Foundation
internal import Logging
internal import Wire

/// From a whole upload to a replay: one at a time, and again after a restart if it was interrupted.
extension RecordingLibrary {
    func set(_ status: Recording.Status, of upload: Upload) async throws(RecordingError) {
        let recording = Recording(
            status: status, mimeType: upload.format.mimeType, sizeBytes: status == .failed ? 0 : upload.length)
        try await set(recording, of: upload.stream)
    }

    func set(_ recording: Recording?, of stream: StreamID) async throws(RecordingError) {
        do {
            try await store.setRecording(recording, of: stream)
        } catch .notFound {
            throw .notFound
        } catch {
            throw .unavailable(reason: "\(error)")
        }
        await onChange(stream)
    }

    /// False when the upload's livestream was deleted. A store that is away is told when the upload's turn comes.
    func finish(_ upload: Upload) async -> Bool {
        do {
            try await set(.processing, of: upload)
        } catch .notFound {
            await discard(upload.id)
        } catch {
            logger.warning("a recording's state can't be stored: \(error)", metadata: ["stream": "\(upload.stream)"])
        }
        guard uploads[upload.id] != nil else { return false }
        waiting.append(upload)
        processNext()
        return true
    }

    func processNext() {
        guard processing == nil, !isStopping, !waiting.isEmpty else { return }
        let upload = waiting.removeFirst()
        let task = Task {
            if await !process(upload), !Task.isCancelled {
                waiting.append(upload)
                try? await Task.sleep(for: patience.retryDelay)
            }
            processing = nil
            processNext()
        }
        processing = (upload, task)
    }

    /// False when it has to be tried again.
    private func process(_ announced: Upload) async -> Bool {
        var upload = announced
        let scratch = "\(scratchFolder)/\(upload.id)"
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        do {
            if try await store.livestream(upload.stream).recording?.status != .processing {
                try await set(.processing, of: upload)
            }
            try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
            upload.format = try Self.format(of: bytes(of: upload.id).path)
            let (whole, duration) = try await remuxer.remux(upload, at: bytes(of: upload.id).path, scratch: scratch)
            try Task.checkCancellation()
            try await publish(whole, of: upload, durationMS: duration)
            return true
        } catch {
            // Whoever stopped it knows what becomes of it.
            guard !isStopping, !Task.isCancelled else { return true }
            return await handle(error, of: upload)
        }
    }

    private static func format(of path: String) throws -> RecordingFormat {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? file.close() }
        guard let format = RecordingFormat(firstBytes: try file.read(upToCount: 16) ?? Data()) else {
            throw MediaProgram.Failed(reason: "it is neither webm nor mp4")
        }
        return format
    }

    private func publish(_ path: String, of upload: Upload, durationMS: Int64) async throws {
        let file = DurableFile(path: path)
        let size = await file.size
        try await file.rename(to: replayPath(of: upload.stream, upload.format))
        for other in RecordingFormat.allCases where other != upload.format {
            await DurableFile(path: replayPath(of: upload.stream, other)).remove()
        }
        try await set(
            Recording(
                status: .ready, mimeType: upload.format.mimeType, sizeBytes: size, durationMS: durationMS),
            of: upload.stream)
        await discard(upload.id)
        logger.info(
            "recording ready",
            metadata: ["stream": "\(upload.stream)", "bytes": "\(size)", "duration_ms": "\(durationMS)"])
    }

    /// Only what ffmpeg can't read is given up: a full disk, a store that is away or a missing ffmpeg are no fault of
    /// the recording. False when it has to be tried again.
    private func handle(_ error: any Error, of upload: Upload) async -> Bool {
        if await isGone(upload.stream) {
            await discard(upload.id)
            await removeReplays(of: upload.stream)
            return true
        }
        guard let failure = error as? MediaProgram.Failed else {
            logger.warning("a recording has to wait: \(error)", metadata: ["stream": "\(upload.stream)"])
            return false
        }
        logger.error("recording failed: \(failure.reason)", metadata: ["stream": "\(upload.stream)"])
        do {
            try await set(.failed, of: upload)
        } catch {
            return error == .notFound
        }
        await discard(upload.id)
        return true
    }
}
