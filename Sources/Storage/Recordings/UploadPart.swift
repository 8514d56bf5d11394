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
