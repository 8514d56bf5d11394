internal import Foundation
internal import Wire

/// What is kept beside an upload's bytes, so that it can go on after a restart. Keys that are missing are older than
/// what they say.
struct Sidecar: Codable {
    private struct Run: Codable {
        let device: String
        let run: Int
    }

    let stream: StreamID
    let length: Int64
    let format: RecordingFormat
    let parts: [UploadPart]
    private let run: Run?
    private let metadata: String?
    private let isSettled: Bool?
    private let isMade: Bool?

    init(_ upload: Upload) {
        stream = upload.stream
        length = upload.length
        format = upload.format
        parts = upload.parts
        run = upload.run.map { Run(device: $0.device, run: $0.run) }
        metadata = upload.metadata
        isSettled = upload.isSettled
        isMade = upload.isMade
    }

    init(path: String) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }

    /// `bytes`: how many are on disk. `touched`: when they last changed.
    func upload(_ id: UploadID, bytes: Int64, touched: Timestamp) -> Upload {
        let isSettled = isSettled ?? false
        return Upload(
            id: id, stream: stream, length: length, format: format, parts: parts,
            run: run.flatMap { RecordingRun.Key(device: $0.device, run: $0.run) }, metadata: metadata,
            offset: isSettled ? length : min(bytes, length), touched: touched, isSettled: isSettled,
            isMade: isMade ?? false)
    }

    func encoded() throws(RecordingError) -> [UInt8] {
        do {
            return Array(try JSONEncoder().encode(self))
        } catch {
            throw .unavailable(reason: "\(error)")
        }
    }
}
