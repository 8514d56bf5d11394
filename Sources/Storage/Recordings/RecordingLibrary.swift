internal import Foundation
package import Logging
package import Wire

/// The recordings on disk: uploads on their way in, and the replays made of them.
///
/// A piece is on disk to stay before it is acknowledged; a replay appears whole, by a rename, or not at all. What a
/// crash interrupts goes on at the next start.
package actor RecordingLibrary {
    /// How long things take to be given up, or tried again.
    package struct Patience: Sendable {
        /// A writer from whom nothing came for this long gives way to the next: its connection may be long dead.
        package var writerIdleTime = Duration.seconds(10)
        /// When the store, the disk or ffmpeg was not to be had.
        package var retryDelay = Duration.seconds(10)

        package init() {}
    }

    let folder: String
    let store: any LivestreamStore
    let logger: Logger
    let remuxer: Remuxer
    let patience: Patience
    package nonisolated let maximumBytes: Int64

    var uploads: [UploadID: Upload] = [:]
    var writers: [UploadID: UploadWriter] = [:]
    var waiting: [Upload] = []
    var processing: (upload: Upload, task: Task<Void, Never>)?
    var isStopping = false
    var onChange: @Sendable (StreamID) async -> Void = { _ in }

    /// Makes the folders, and picks up what the last run left.
    package init(
        folder: String, store: any LivestreamStore, logger: Logger, ffmpeg: String = "ffmpeg",
        ffprobe: String = "ffprobe", maximumBytes: Int64 = 16 << 30, patience: Patience = Patience()
    ) async throws {
        self.folder = URL(fileURLWithPath: folder).path
        self.store = store
        self.logger = logger
        self.maximumBytes = maximumBytes
        self.patience = patience
        remuxer = Remuxer(
            ffmpeg: MediaProgram(name: ffmpeg), ffprobe: MediaProgram(name: ffprobe), logger: logger)
        try? FileManager.default.removeItem(atPath: scratchFolder)
        try FileManager.default.createDirectory(atPath: uploadFolder, withIntermediateDirectories: true)
        try await DurableFile(path: self.folder).synchronize()
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

    /// `.notFound` until one is whole.
    package nonisolated func replay(of stream: StreamID) throws(RecordingError) -> ReplayFile {
        for format in RecordingFormat.allCases {
            let path = replayPath(of: stream, format)
            if let file = ReplayFile(path: path, mimeType: format.mimeType) { return file }
        }
        throw .notFound
    }

    /// Everything of a livestream that was deleted. When it returns, nothing of it is served or written any more.
    package func remove(stream: StreamID) async {
        waiting.removeAll { $0.stream == stream }
        for upload in uploads.values where upload.stream == stream { await discard(upload.id) }
        if let processing, processing.upload.stream == stream {
            processing.task.cancel()
            await processing.task.value
        }
        await removeReplays(of: stream)
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

    func removeReplays(of stream: StreamID) async {
        for format in RecordingFormat.allCases { await DurableFile(path: replayPath(of: stream, format)).remove() }
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
    }
}
