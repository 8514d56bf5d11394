internal import Logging
package import Wire

/// A recording in runs: from whatever devices, in any order. The replay is made when all that were announced are here,
/// and again when a later one comes.
extension RecordingLibrary {
    /// A device says that it records.
    package func announce(
        _ key: RecordingRun.Key, startsAtMS: Int64, of stream: StreamID
    ) async throws(RecordingError) {
        guard RecordingRuns.allowedStart.contains(startsAtMS) else {
            throw .invalid(reason: "A run starts within 24 hours of the show's clock.")
        }
        let isTaken = Flag()
        try await changeRuns(of: stream) { runs in
            isTaken.value = runs.announce(key, startsAtMS: startsAtMS)
            return isTaken.value
        }
        guard isTaken.value else { throw Self.tooManyRuns }
    }

    static var tooManyRuns: RecordingError { .invalid(reason: "A recording has \(RecordingRuns.limit) runs at most.") }

    /// The replay is to be made of what is here; what is missing is given up, until it comes.
    package func finishRuns(of stream: StreamID) async throws(RecordingError) {
        let record = try await livestream(stream)
        guard record.status != .live else {
            throw .conflict(reason: "The show is live: its replay is made afterwards.")
        }
        guard let runs = record.recording?.runs, runs.hasWhole else {
            throw .conflict(reason: "Nothing of the recording is here yet.")
        }
        try await changeRuns(of: stream) { runs in
            runs.giveUpRest()
            return true
        }
        await makeReplayIfDue(of: stream)
    }

    /// Has the replay made when nothing is missing, and something is here that isn't in it. While a show is live the run
    /// of whoever broadcasts is missing.
    package func makeReplayIfDue(of stream: StreamID) async {
        guard let runs = try? await livestream(stream).recording?.runs, runs.isComplete, runs.hasWhole,
            wholeRuns(of: stream).contains(where: { !$0.isMade }),
            !waiting.contains(where: { if case .runs(stream) = $0 { true } else { false } })
        else { return }
        waiting.append(.runs(stream))
        processNext()
    }

    /// The uploads that a replay is made of, in the order in which they begin.
    func wholeRuns(of stream: StreamID) -> [Upload] {
        uploads.values.filter { $0.stream == stream && $0.run != nil && $0.isWhole && !$0.isSettled }
            .sorted { ($0.startsAtMS, $0.id.text) < ($1.startsAtMS, $1.id.text) }
    }

    /// A run's last byte is here.
    func finishRun(_ upload: Upload, _ key: RecordingRun.Key) async {
        // One that was uploaded once more takes the place of the one before.
        for other in wholeRuns(of: upload.stream) where other.run == key && other.id != upload.id {
            await discard(other.id)
        }
        do throws(RecordingError) {
            try await changeRuns(of: upload.stream) { runs in
                if runs[key] == nil { _ = runs.begin(key, startsAtMS: upload.startsAtMS) }
                runs.finish(key)
                return true
            }
        } catch .notFound {
            return await discard(upload.id)
        } catch {
            logger.warning("a recording's state can't be stored: \(error)", metadata: ["stream": "\(upload.stream)"])
            return retryLater { await $0.finishRun(upload, key) }
        }
        await makeReplayIfDue(of: upload.stream)
    }

    func retryLater(_ work: @escaping @Sendable (RecordingLibrary) async -> Void) {
        Task { [weak self, patience] in
            try? await Task.sleep(for: patience.retryDelay)
            if let self, await !self.isStopping { await work(self) }
        }
    }

    func livestream(_ stream: StreamID) async throws(RecordingError) -> Livestream {
        do {
            return try await store.livestream(stream)
        } catch .notFound {
            throw .notFound
        } catch {
            throw .unavailable(reason: "\(error)")
        }
    }
}
