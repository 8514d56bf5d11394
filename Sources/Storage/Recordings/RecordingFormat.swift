/// What browsers record.
package enum RecordingFormat: String, Codable, CaseIterable, Sendable {
    case webm, mp4

    /// Nil for a type that can't be replayed. Parameters such as `codecs` don't matter.
    package init?(mimeType: String) {
        switch mimeType.prefix(while: { $0 != ";" }).lowercased().filter({ $0 != " " }) {
        case "video/webm": self = .webm
        case "video/mp4": self = .mp4
        default: return nil
        }
    }

    package var mimeType: String { "video/\(rawValue)" }
    var fileExtension: String { rawValue }
    /// ffmpeg's name of the one reader that may see the bytes: a guess could be led to a playlist that names others.
    var demuxer: String { self == .webm ? "matroska" : "mov" }
}
