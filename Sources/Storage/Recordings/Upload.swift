package import Wire

/// A recording on its way in, as far as it has come.
package struct Upload: Equatable, Sendable {
    package let id: UploadID
    package let stream: StreamID
    /// Of the whole, in bytes.
    package let length: Int64
    /// As the client announced it, until the bytes themselves have told.
    package internal(set) var format: RecordingFormat
    package let parts: [UploadPart]
    /// Bytes that are on disk to stay.
    package internal(set) var offset: Int64

    package var isWhole: Bool { offset == length }
}

package typealias UploadID = Identifier<Upload>
