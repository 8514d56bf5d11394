package import Logging
package import Wire

/// Deletes what has been kept for as long as the operator wants: messages by when they were said, recordings by when
/// their show ended. Files go with their entries.
package struct RetentionSweep: Sendable {
    /// For how long things are kept, in milliseconds; nil: for ever.
    package struct Rules: Equatable, Sendable {
        package var chatMS: Int64?
        package var recordingsMS: Int64?

        package init(chatMS: Int64? = nil, recordingsMS: Int64? = nil) {
            self.chatMS = chatMS
            self.recordingsMS = recordingsMS
        }

        package var keepsAll: Bool { chatMS == nil && recordingsMS == nil }
    }

    package struct Deleted: Equatable, Sendable {
        package var messages = 0
        package var recordings = 0
    }

    /// A show's writes come between two parts.
    private static let partLimit = 500
    private let rules: Rules
    private let store: any LivestreamStore
    private let recordings: RecordingLibrary
    private let logger: Logger

    package init(rules: Rules, store: any LivestreamStore, recordings: RecordingLibrary, logger: Logger) {
        self.rules = rules
        self.store = store
        self.recordings = recordings
        self.logger = logger
    }

    /// What a store that is away keeps it from deleting goes the next time.
    @discardableResult
    package func run(at now: Timestamp) async -> Deleted {
        var deleted = Deleted()
        do throws(StoreError) {
            try await deleteChat(at: now, &deleted)
            try await deleteRecordings(at: now, &deleted)
        } catch {
            logger.warning("what was kept long enough can't be deleted now: \(error)")
        }
        if deleted != Deleted() {
            logger.info(
                "deleted what was kept long enough",
                metadata: ["messages": "\(deleted.messages)", "recordings": "\(deleted.recordings)"])
        }
        return deleted
    }

    private func deleteChat(at now: Timestamp, _ deleted: inout Deleted) async throws(StoreError) {
        guard let keep = rules.chatMS else { return }
        let limit = now.advanced(byMilliseconds: -keep)
        while !Task.isCancelled {
            let count = try await store.deleteChat(before: limit, limit: Self.partLimit)
            deleted.messages += count
            guard count == Self.partLimit else { return }
        }
    }

    private func deleteRecordings(at now: Timestamp, _ deleted: inout Deleted) async throws(StoreError) {
        guard let keep = rules.recordingsMS else { return }
        let limit = now.advanced(byMilliseconds: -keep)
        while !Task.isCancelled {
            let streams = try await store.recordedLivestreams(endedBefore: limit, limit: Self.partLimit)
            for stream in streams {
                try await recordings.expire(stream: stream)
                deleted.recordings += 1
            }
            guard streams.count == Self.partLimit else { return }
        }
    }
}
