/// What can go wrong with a recording.
package enum RecordingError: Error, Equatable {
    case notFound
    /// The bytes would not follow those that are there.
    case wrongOffset(current: Int64)
    case tooLarge(limit: Int64)
    case invalid(reason: String)
    /// What is there stands against it.
    case conflict(reason: String)
    /// Another request is writing this upload.
    case locked
    /// The disk is.
    case full
    /// The disk, the store or ffmpeg can't be reached. It may work later.
    case unavailable(reason: String)
}
