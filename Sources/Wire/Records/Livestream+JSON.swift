/// The record as clients read it: every key is there, and what is not known is `null`.
extension Livestream: Encodable {
    private enum CodingKeys: String, CodingKey {
        case id, title, description, status, likes, delivery, recording, broadcaster
        case createdAt = "created_at"
        case scheduledAt = "scheduled_at"
        case startedAt = "started_at"
        case endedAt = "ended_at"
        case viewerCount = "viewer_count"
        case peakViewerCount = "peak_viewer_count"
        case pinnedProducts = "pinned_products"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(title, forKey: .title)
        try container.encode(description, forKey: .description)
        try container.encode(status, forKey: .status)
        try container.encode(createdAt, forKey: .createdAt)
        try container.encode(scheduledAt, forKey: .scheduledAt)
        try container.encode(startedAt, forKey: .startedAt)
        try container.encode(endedAt, forKey: .endedAt)
        try container.encode(likes, forKey: .likes)
        try container.encode(viewerCount, forKey: .viewerCount)
        try container.encode(peakViewerCount, forKey: .peakViewerCount)
        try container.encode(broadcaster, forKey: .broadcaster)
        try container.encode(delivery, forKey: .delivery)
        try container.encode(pinnedProducts, forKey: .pinnedProducts)
        try container.encode(
            recording.map { RecordingJSON(recording: $0, stream: id, query: replayQuery) }, forKey: .recording)
    }
}

private struct RecordingJSON: Encodable {
    let recording: Recording
    let stream: StreamID
    let query: String?

    private enum CodingKeys: String, CodingKey {
        case status, url, runs
        case mimeType = "mime_type"
        case sizeBytes = "size_bytes"
        case durationMS = "duration_ms"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(recording.status, forKey: .status)
        try container.encode(recording.mimeType, forKey: .mimeType)
        try container.encode(recording.sizeBytes, forKey: .sizeBytes)
        try container.encode(recording.durationMS, forKey: .durationMS)
        try container.encode(recording.runs, forKey: .runs)
        try container.encode("/api/livestreams/\(stream)/recording\(query.map { "?\($0)" } ?? "")", forKey: .url)
    }
}
