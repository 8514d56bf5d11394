/// What browsers record.
package enum RecordingFormat: String, Codable, CaseIterable, Sendable {
    case webm, mp4

    /// Nil for a type that can't be replayed. Parameters such as `codecs` don't matter.
    package init?(mimeType: String) {
        switch mimeType.prefix(while: { $0 != ";" }).lowercased().filter({ $0 != " " }) {
        // Chromium's name of H.264 and others in the same container.
        case "video/webm", "video/x-matroska": self = .webm
        case "video/mp4": self = .mp4
        default: return nil
        }
    }

    /// What the first bytes of a file say it is; nil when they say nothing known (Matroska's EBML header, and the
    /// `ftyp` box of ISO/IEC 14496-12).
    init?(firstBytes bytes: some Collection<UInt8>) {
        if bytes.starts(with: [0x1A, 0x45, 0xDF, 0xA3]) {
            self = .webm
        } else if bytes.dropFirst(4).starts(with: Array("ftyp".utf8)) {
            self = .mp4
        } else {
            return nil
        }
    }

    package var mimeType: String { "video/\(rawValue)" }
    var fileExtension: String { rawValue }
    /// ffmpeg's name of the one reader that may see the bytes: a guess could be led to a playlist that names others.
    var demuxer: String { self == .webm ? "matroska" : "mov" }
}
