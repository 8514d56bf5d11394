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

    private func set(_ recording: Recording, of stream: StreamID) async throws(RecordingError) {
        do {
            try await store.setRecording(recording, of: stream)
        } catch .notFound {
            throw .notFound
        } catch {
            throw .unavailable(reason: "\(error)")
        }
        await onChange(stream)
    }

    func finish(_ upload: Upload) async throws(RecordingError) {
        try await set(.processing, of: upload)
        waiting.append(upload)
        processNext()
    }

    func processNext() {
        guard processing == nil, !isStopping, !waiting.isEmpty else { return }
        let upload = waiting.removeFirst()
        let task = Task {
            await process(upload)
            processing = nil
            processNext()
        }
        processing = (upload, task)
    }

    private func process(_ upload: Upload) async {
        let scratch = "\(scratchFolder)/\(upload.id)"
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        do {
            try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
            let (whole, duration) = try await remuxer.remux(upload, at: bytes(of: upload.id).path, scratch: scratch)
            try Task.checkCancellation()
            try await publish(whole, of: upload, durationMS: duration)
        } catch is CancellationError {
            return
        } catch {
            guard !isStopping, !Task.isCancelled else { return }
            await giveUp(upload, error)
        }
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

    /// A store that is away is no fault of the recording: then the next start tries again.
    private func giveUp(_ upload: Upload, _ error: any Error) async {
        let reason = (error as? Remuxer.Failed)?.reason ?? "\(error)"
        logger.error("recording failed: \(reason)", metadata: ["stream": "\(upload.stream)"])
        switch error as? RecordingError {
        case .unavailable, .full: return
        default: break
        }
        do {
            try await set(.failed, of: upload)
            await discard(upload.id)
        } catch .notFound {
            await discard(upload.id)
        } catch {}
    }
}
