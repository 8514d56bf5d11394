package import Wire

/// A recording on its way in, as far as it has come.
package struct Upload: Equatable, Sendable {
    package let id: UploadID
    package let stream: StreamID
    /// Of the whole, in bytes.
    package let length: Int64
    package let format: RecordingFormat
    package let parts: [UploadPart]
    /// Bytes that are on disk to stay.
    package internal(set) var offset: Int64

    package var isWhole: Bool { offset == length }
}

package typealias UploadID = Identifier<Upload>

/// One run of the recorder within an upload. A page that was reloaded in the middle of a show begins another.
package struct UploadPart: Codable, Equatable, Sendable {
    package let sizeBytes: Int64
    /// Where it begins on the stream's clock, in milliseconds.
    package let startMS: Int64

    package init(sizeBytes: Int64, startMS: Int64) {
        self.sizeBytes = sizeBytes
        self.startMS = startMS
    }
}

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

/// A whole recording, ready to be served.
package struct ReplayFile: Equatable, Sendable {
    package let path: String
    package let sizeBytes: Int64
    package let mimeType: String
    /// Changes whenever the bytes do.
    package let etag: String
}

package enum RecordingError: Error, Equatable {
    case notFound
    /// The bytes would not follow those that are there.
    case wrongOffset(current: Int64)
    case tooLarge(limit: Int64)
    case invalid(reason: String)
    /// Another request is writing this upload.
    case locked
    /// The disk is.
    case full
    case unavailable(reason: String)
}
