package import Wire

/// A recording, or one run of it, on its way in, as far as it has come.
package struct Upload: Equatable, Sendable {
    package let id: UploadID
    package let stream: StreamID
    /// Of the whole, in bytes.
    package let length: Int64
    /// As the client announced it, until the bytes themselves have told.
    package internal(set) var format: RecordingFormat
    package let parts: [UploadPart]
    /// The one run of a device's recorder that it is; nil for a recording as a whole.
    package let run: RecordingRun.Key?
    /// The header `Upload-Metadata` as it came (tus 1.0.0, creation).
    package let metadata: String?
    /// Bytes that are on disk to stay.
    package internal(set) var offset: Int64
    /// When it was last written.
    package internal(set) var touched: Timestamp
    /// What becomes of it is decided, and its bytes are needed no more: it is kept so that a client that didn't hear of
    /// its end learns it.
    package internal(set) var isSettled = false
    /// The replay that is there has it in it.
    package internal(set) var isMade = false

    package var isWhole: Bool { offset == length }
    /// Where it begins on the stream's clock, in milliseconds.
    var startsAtMS: Int64 { parts.first?.startMS ?? 0 }
}

package typealias UploadID = Identifier<Upload>

/// What a client says of an upload before its first byte.
package struct UploadPlan: Sendable {
    package var length: Int64
    package var mimeType: String
    package var parts: [UploadPart]
    package var run: RecordingRun.Key?
    package var metadata: String?

    package init(
        length: Int64, mimeType: String, parts: [UploadPart] = [], run: RecordingRun.Key? = nil,
        metadata: String? = nil
    ) {
        self.length = length
        self.mimeType = mimeType
        self.parts = parts
        self.run = run
        self.metadata = metadata
    }
}
