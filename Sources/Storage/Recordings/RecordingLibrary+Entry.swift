internal import Wire

/// A livestream's entry in the store that says what is known of its recording.
extension RecordingLibrary {
    /// Changes it: one change after the other, each of what the one before has left. `body` may find that there is nothing
    /// to change, and says so by `false`.
    func changeEntry(
        of stream: StreamID, _ body: @escaping @Sendable (inout Recording?) -> Bool
    ) async throws(RecordingError) {
        let former = entryChanges[stream]
        let change = Task { () async -> Result<Void, RecordingError> in
            await former?.value
            do throws(RecordingError) {
                try await self.writeEntry(of: stream, body)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        let marker = Task { _ = await change.value }
        entryChanges[stream] = marker
        let result = await change.value
        if entryChanges[stream] == marker { entryChanges[stream] = nil }
        try result.get()
    }

    private func writeEntry(
        of stream: StreamID, _ body: @Sendable (inout Recording?) -> Bool
    ) async throws(RecordingError) {
        do {
            var recording = try await store.livestream(stream).recording
            guard body(&recording) else { return }
            try await store.setRecording(recording, of: stream)
        } catch .notFound {
            throw .notFound
        } catch {
            throw .unavailable(reason: "\(error)")
        }
        await onChange(stream)
    }

    func set(_ status: Recording.Status, of upload: Upload) async throws(RecordingError) {
        let recording = Recording(
            status: status, mimeType: upload.format.mimeType, sizeBytes: status == .failed ? 0 : upload.length)
        try await set(recording, of: upload.stream)
    }

    /// The runs stay what they are: a recording as a whole takes their place when it is made, not before.
    func set(_ recording: Recording?, of stream: StreamID) async throws(RecordingError) {
        try await changeEntry(of: stream) { entry in
            let runs = entry?.runs ?? RecordingRuns()
            entry = recording
            if entry == nil, !runs.isEmpty {
                entry = Recording(status: runs.status, mimeType: RecordingFormat.webm.mimeType)
            }
            entry?.runs = runs
            return true
        }
    }

    /// Changes what is known of a show's runs. A replay that is there is served until the next one is.
    func changeRuns(
        of stream: StreamID, _ body: @escaping @Sendable (inout RecordingRuns) -> Bool
    ) async throws(RecordingError) {
        try await changeEntry(of: stream) { entry in
            var recording = entry ?? Recording(status: .waiting, mimeType: RecordingFormat.webm.mimeType)
            guard body(&recording.runs) else { return false }
            if recording.status != .ready { recording.status = recording.runs.status }
            defer { entry = recording }
            return entry != recording
        }
    }
}
