import Wire

/// What a replay is to be made of.
enum RecordingJob: Sendable {
    /// One upload that is the recording.
    case upload(Upload)
    /// All runs of the show that are here.
    case runs(StreamID)

    var stream: StreamID {
        switch self {
        case .upload(let upload): upload.stream
        case .runs(let stream): stream
        }
    }
}
