internal import Foundation
package import Logging
package import Wire

/// The recordings on disk: uploads on their way in, and the replays made of them.
///
/// A piece is on disk to stay before it is acknowledged; a replay appears whole, by a rename, or not at all. What a
/// crash interrupts goes on at the next start. Nothing is ever deleted because a store doesn't know of it: only what the
/// deletion of its record has marked.
package actor RecordingLibrary {
    /// How long things take to be given up, or tried again.
    package struct Patience: Sendable {
        /// A writer from whom nothing came for this long gives way to the next: its connection may be long dead.
        package var writerIdleTime = Duration.seconds(10)
        /// When the store, the disk or ffmpeg was not to be had.
        package var retryDelay = Duration.seconds(10)
        /// An upload that nobody has gone on with for this long ends; the bytes of one that is in a replay go.
        package var uploadExpiryMS: Int64 = 7 * 86_400_000
        /// So long a client can learn that an upload is whole.
        package var settledExpiryMS: Int64 = 86_400_000

        package init() {}
    }

    nonisolated let files: RecordingFiles
    let store: any LivestreamStore
    let logger: Logger
    let remuxer: Remuxer
    package nonisolated let patience: Patience
    package nonisolated let maximumBytes: Int64
    let now: @Sendable () -> Timestamp

    var uploads: [UploadID: Upload] = [:]
    var writers: [UploadID: UploadWriter] = [:]
    var waiting: [RecordingJob] = []
    var processing: (job: RecordingJob, task: Task<Void, Never>)?
    /// The last change of each livestream's entry in the store: they are done one after the other.
    var entryChanges: [StreamID: Task<Void, Never>] = [:]
    var isStopping = false
    var onChange: @Sendable (StreamID) async -> Void = { _ in }

    /// Makes the folders, and picks up what the last run left.
    package init(
        folder: String, store: any LivestreamStore, logger: Logger, ffmpeg: String = "ffmpeg",
        ffprobe: String = "ffprobe", maximumBytes: Int64 = 16 << 30, patience: Patience = Patience(),
        now: @escaping @Sendable () -> Timestamp = {
            Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
        }
    ) async throws {
        files = RecordingFiles(folder: URL(fileURLWithPath: folder).path)
        self.store = store
        self.logger = logger
        self.maximumBytes = maximumBytes
        self.patience = patience
        self.now = now
        remuxer = Remuxer(
            ffmpeg: MediaProgram(name: ffmpeg), ffprobe: MediaProgram(name: ffprobe), logger: logger)
        try await files.prepare()
        await pickUp()
    }

    /// Has `action` called whenever a livestream's recording has another state.
    package func observe(_ action: @escaping @Sendable (StreamID) async -> Void) {
        onChange = action
    }

    /// `.notFound` until one is whole.
    package nonisolated func replay(of stream: StreamID) throws(RecordingError) -> ReplayFile {
        for format in RecordingFormat.allCases {
            let path = files.replay(of: stream, format).path
            if let file = ReplayFile(path: path, mimeType: format.mimeType) { return file }
        }
        throw .notFound
    }

    /// Says that a livestream's files go with its record, which is about to be deleted: whatever happens now, they will
    /// once the record is gone. The mark names the store that is asked: another one that lacks the record proves nothing.
    package func markDeletion(of stream: StreamID) async throws(RecordingError) {
        let identity: StoreID
        do {
            identity = try await store.identity()
        } catch {
            throw .unavailable(reason: "\(error)")
        }
        try await files.deletionMark(of: stream).replace(with: Array(identity.text.utf8))
    }

    /// The store didn't say whether it has deleted the record: it is asked until it does.
    package func settleDeletion(of stream: StreamID) async {
        do {
            _ = try await store.livestream(stream)
            await unmarkDeletion(of: stream)
        } catch .notFound {
            await remove(stream: stream)
        } catch {
            retryLater { await $0.settleDeletion(of: stream) }
        }
    }

    /// The record is still there.
    package func unmarkDeletion(of stream: StreamID) async { await files.deletionMark(of: stream).remove() }

    /// Everything of a livestream that was deleted. When it returns, nothing of it is served or written any more.
    package func remove(stream: StreamID) async {
        waiting.removeAll { $0.stream == stream }
        for upload in uploads.values where upload.stream == stream { await discard(upload.id) }
        if let processing, processing.job.stream == stream {
            processing.task.cancel()
            await processing.task.value
        }
        await files.removeReplays(of: stream)
        await unmarkDeletion(of: stream)
    }

    /// A recording that has been kept long enough: first the files, so that an entry never outlives the next try.
    package func expire(stream: StreamID) async throws(StoreError) {
        await remove(stream: stream)
        do throws(StoreError) {
            try await store.setRecording(nil, of: stream)
        } catch .notFound {
            return  // deleted in the meantime
        }
        await onChange(stream)
    }

    /// Ends what is under way. It is picked up at the next start.
    package func shutdown() async {
        isStopping = true
        waiting = []
        processing?.task.cancel()
        for writer in writers.values {
            writer.task.cancel()
            _ = await writer.task.value
        }
        await processing?.task.value
        for change in entryChanges.values { await change.value }
    }
}
