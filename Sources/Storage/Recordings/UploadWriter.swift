internal import Synchronization

/// The one request that writes an upload.
struct UploadWriter: Sendable {
    /// When its last bytes came.
    final class Progress: Sendable {
        private let latest = Mutex(ContinuousClock.now)

        var idleTime: Duration { ContinuousClock.now - latest.withLock { $0 } }

        func note() { latest.withLock { $0 = .now } }
    }

    let progress: Progress
    /// Ends when the upload's offset says what was written. Cancelled, it keeps what came.
    let task: Task<Result<Int64, RecordingError>, Never>
}
