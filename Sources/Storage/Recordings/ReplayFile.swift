/// A whole recording, ready to be served.
package struct ReplayFile: Equatable, Sendable {
    package let path: String
    package let sizeBytes: Int64
    package let mimeType: String
    /// Changes whenever the bytes do.
    package let etag: String
}
