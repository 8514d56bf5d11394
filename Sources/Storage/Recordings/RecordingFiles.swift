internal import Foundation
internal import Wire

/// Where a library keeps what.
struct RecordingFiles: Sendable {
    let folder: String

    var uploadFolder: String { "\(folder)/uploads" }
    var scratchFolder: String { "\(folder)/scratch" }
    var deletionFolder: String { "\(folder)/deletions" }

    func bytes(of id: UploadID) -> DurableFile { DurableFile(path: "\(uploadFolder)/\(id).part") }
    func sidecar(of id: UploadID) -> DurableFile { DurableFile(path: "\(uploadFolder)/\(id).json") }
    /// There while a livestream's record is being deleted.
    func deletionMark(of stream: StreamID) -> DurableFile { DurableFile(path: "\(deletionFolder)/\(stream)") }
    func replay(of stream: StreamID, _ format: RecordingFormat) -> DurableFile {
        DurableFile(path: "\(folder)/\(stream).\(format.fileExtension)")
    }

    /// Makes the folders. What ffmpeg was writing is made again.
    func prepare() async throws {
        try? FileManager.default.removeItem(atPath: scratchFolder)
        for path in [uploadFolder, deletionFolder] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        try await DurableFile(path: folder).synchronize()
    }

    func removeReplays(of stream: StreamID) async {
        for format in RecordingFormat.allCases { await replay(of: stream, format).remove() }
    }

    /// The names of files in a folder; none when it isn't there.
    static func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    /// The uploads that are described on disk.
    var uploads: [UploadID] {
        Self.names(in: uploadFolder).filter { $0.hasSuffix(".json") }.compactMap { UploadID(String($0.dropLast(5))) }
    }

    /// The livestreams that have a replay, with its path.
    var replays: [(stream: StreamID, path: String)] {
        Self.names(in: folder).flatMap { name in
            RecordingFormat.allCases.filter { name.hasSuffix(".\($0.fileExtension)") }.compactMap { format in
                StreamID(String(name.dropLast(format.fileExtension.count + 1))).map { ($0, "\(folder)/\(name)") }
            }
        }
    }

    /// Not the ones that are just being written.
    var markedDeletions: [StreamID] { Self.names(in: deletionFolder).compactMap { StreamID($0) } }

    /// When a file last changed; nil when it isn't there.
    static func changed(_ path: String) -> Timestamp? {
        let date = (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
        return date.map { Timestamp(milliseconds: Int64($0.timeIntervalSince1970 * 1_000)) }
    }

    static func size(_ path: String) -> Int64 {
        let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? NSNumber
        return size?.int64Value ?? 0
    }
}
