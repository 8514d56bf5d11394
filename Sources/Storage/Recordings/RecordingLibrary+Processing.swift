internal import Foundation
internal import Logging
internal import Wire

/// From whole uploads to a replay: one at a time, and again after a restart if it was interrupted.
extension RecordingLibrary {
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
        waiting.append(.upload(upload))
        processNext()
        return true
    }

    func processNext() {
        guard processing == nil, !isStopping, !waiting.isEmpty else { return }
        let job = waiting.removeFirst()
        let task = Task {
            if await !process(job), !Task.isCancelled {
                waiting.append(job)
                try? await Task.sleep(for: patience.retryDelay)
            }
            processing = nil
            processNext()
        }
        processing = (job, task)
    }

    /// False when it has to be tried again.
    private func process(_ job: RecordingJob) async -> Bool {
        let uploads = uploads(of: job)
        guard let first = uploads.first else { return true }
        let scratch = "\(files.scratchFolder)/\(first.id)"
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        do {
            try await noteProcessing(job, first)
            try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
            let sources = try sources(of: uploads)
            let replay = try await remuxer.remux(sources, of: job.stream, scratch: scratch)
            try Task.checkCancellation()
            try await publish(replay, of: job.stream, made: uploads)
        } catch {
            // Whoever stopped it knows what becomes of it.
            guard !isStopping, !Task.isCancelled else { return true }
            return await handle(error, of: job, uploads)
        }
        // A run may have come meanwhile.
        if case .runs(let stream) = job { await makeReplayIfDue(of: stream) }
        return true
    }

    private func uploads(of job: RecordingJob) -> [Upload] {
        switch job {
        case .upload(let upload): uploads[upload.id].map { [$0] } ?? []
        case .runs(let stream): wholeRuns(of: stream)
        }
    }

    private func noteProcessing(_ job: RecordingJob, _ upload: Upload) async throws(RecordingError) {
        guard case .upload = job else { return }
        if try await livestream(upload.stream).recording?.status != .processing {
            try await set(.processing, of: upload)
        }
    }

    /// One run that is no recording takes nothing from the others.
    private func sources(of uploads: [Upload]) throws -> [Remuxer.Source] {
        var sources: [Remuxer.Source] = []
        for upload in uploads {
            do {
                sources += try Self.sources(upload, at: files.bytes(of: upload.id).path)
            } catch let error as MediaProgram.Failed {
                guard upload.run != nil else { throw error }
                logger.warning(
                    "a run of a recording can't be read: \(error.reason)", metadata: ["stream": "\(upload.stream)"])
            }
        }
        return sources
    }

    /// The parts of an upload, with what the first bytes say they are.
    private static func sources(_ upload: Upload, at path: String) throws -> [Remuxer.Source] {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? file.close() }
        guard let format = RecordingFormat(firstBytes: try file.read(upToCount: 16) ?? Data()) else {
            throw MediaProgram.Failed(reason: "it is neither webm nor mp4")
        }
        var start: Int64 = 0
        return upload.parts.map { part in
            defer { start += part.sizeBytes }
            return Remuxer.Source(
                path: path, bytes: start..<(start + part.sizeBytes), format: format, startMS: part.startMS,
                run: upload.run)
        }
    }

    private func publish(_ replay: Remuxer.Replay, of stream: StreamID, made uploads: [Upload]) async throws {
        let file = DurableFile(path: replay.path)
        let size = await file.size
        try await file.rename(to: files.replay(of: stream, replay.format).path)
        for other in RecordingFormat.allCases where other != replay.format {
            await files.replay(of: stream, other).remove()
        }
        try await changeEntry(of: stream) { entry in
            // A recording as a whole takes the place of whatever there was.
            var runs = uploads.contains { $0.run == nil } ? RecordingRuns() : entry?.runs ?? RecordingRuns()
            for (key, duration) in replay.durationsMS { runs.note(durationMS: duration, of: key) }
            entry = Recording(
                status: .ready, mimeType: replay.format.mimeType, sizeBytes: size, durationMS: replay.durationMS,
                runs: runs)
            return true
        }
        for upload in uploads { await noteMade(upload) }
        if uploads.contains(where: { $0.run == nil }) {
            for replaced in wholeRuns(of: stream) { await settle(replaced.id) }
        }
        logger.info(
            "recording ready",
            metadata: ["stream": "\(stream)", "bytes": "\(size)", "duration_ms": "\(replay.durationMS)"])
    }

    /// A run's bytes are kept: another may come, and then the replay is made again.
    private func noteMade(_ upload: Upload) async {
        guard upload.run != nil else { return await settle(upload.id) }
        guard var made = uploads[upload.id] else { return }
        made.isMade = true
        uploads[upload.id] = made
        if let text = try? Sidecar(made).encoded() { try? await files.sidecar(of: made.id).replace(with: text) }
    }

    /// Only what ffmpeg can't read is given up: a full disk, a store that is away or a missing ffmpeg are no fault of
    /// the recording. False when it has to be tried again.
    private func handle(_ error: any Error, of job: RecordingJob, _ uploads: [Upload]) async -> Bool {
        if await isGone(job.stream) { return true }  // its deletion sees to the files
        guard let failure = error as? MediaProgram.Failed else {
            logger.warning("a recording has to wait: \(error)", metadata: ["stream": "\(job.stream)"])
            return false
        }
        logger.error("recording failed: \(failure.reason)", metadata: ["stream": "\(job.stream)"])
        do {
            try await noteFailure(of: job, uploads)
        } catch {
            return error == .notFound
        }
        return true
    }

    private func noteFailure(of job: RecordingJob, _ uploads: [Upload]) async throws(RecordingError) {
        switch job {
        case .upload(let upload):
            try await set(.failed, of: upload)
            await settle(upload.id)
        case .runs(let stream):
            try await changeEntry(of: stream) { entry in
                guard entry?.status != .ready else { return false }  // the replay before is still a replay
                entry?.status = .failed
                return true
            }
            // Not tried again before another run comes; the bytes stay.
            for upload in uploads { await noteMade(upload) }
        }
    }
}
