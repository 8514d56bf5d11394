internal import Foundation
internal import Wire

/// What is kept beside an upload's bytes, so that it can go on after a restart.
struct Sidecar: Codable {
    let stream: StreamID
    let length: Int64
    let format: RecordingFormat
    let parts: [UploadPart]

    init(_ upload: Upload) {
        stream = upload.stream
        length = upload.length
        format = upload.format
        parts = upload.parts
    }

    init(path: String) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }

    func encoded() throws(RecordingError) -> [UInt8] {
        do {
            return Array(try JSONEncoder().encode(self))
        } catch {
            throw .unavailable(reason: "\(error)")
        }
    }
}
