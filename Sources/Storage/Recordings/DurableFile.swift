internal import Dispatch
internal import Glibc
internal import SystemPackage

/// File work that lasts: what returns is on disk. It blocks, so it runs on a thread of its own.
struct DurableFile: Sendable {
    private static let queue = DispatchQueue(label: "vitrine.recordings")

    let path: String

    /// Bytes in it; 0 when it isn't there.
    var size: Int64 {
        get async {
            await
                (try? Self.blocking {
                    let file = try FileDescriptor.open(FilePath(path), .readOnly)
                    return try file.closeAfter { try file.seek(offset: 0, from: .end) }
                }) ?? 0
        }
    }

    /// Makes it, or empties it.
    func create() async throws(RecordingError) {
        try await Self.mapping {
            let file = try FileDescriptor.open(
                FilePath(path), .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
            try file.closeAfter { try Self.synchronize(file) }
        }
    }

    /// Writes at `offset`, which may be the end, and cuts off what was behind. Doesn't bring back a file that was
    /// removed in the meantime.
    func write(_ bytes: [UInt8], at offset: Int64, synchronize: Bool) async throws(RecordingError) {
        try await Self.mapping {
            let file = try FileDescriptor.open(FilePath(path), .readWrite)
            try file.closeAfter {
                try unsafe bytes.withUnsafeBytes { buffer in
                    _ = try unsafe file.writeAll(toAbsoluteOffset: offset, buffer)
                }
                try file.resize(to: offset + Int64(bytes.count))
                if synchronize { try Self.synchronize(file) }
            }
        }
    }

    /// Puts `bytes` in place of the whole file: a reader sees the old or the new, never a mixture.
    func replace(with bytes: [UInt8]) async throws(RecordingError) {
        let temporary = DurableFile(path: path + ".new")
        try await temporary.create()
        try await temporary.write(bytes, at: 0, synchronize: true)
        try await temporary.rename(to: path)
    }

    /// Takes the place of `destination` at once, to stay.
    func rename(to destination: String) async throws(RecordingError) {
        try await Self.mapping {
            try Self.synchronize(FilePath(path))
            guard unsafe Glibc.rename(path, destination) == 0 else { throw Errno(rawValue: errno) }
            try Self.synchronize(FilePath(destination).removingLastComponent())
        }
    }

    /// Has the disk keep what is in the file or folder, whoever wrote it.
    func synchronize() async throws(RecordingError) {
        try await Self.mapping { try Self.synchronize(FilePath(path)) }
    }

    func remove() async {
        _ = try? await Self.blocking { unsafe Glibc.unlink(path) }
    }

    private static func synchronize(_ path: FilePath) throws {
        let file = try FileDescriptor.open(path, .readOnly)
        try file.closeAfter { try synchronize(file) }
    }

    private static func synchronize(_ file: FileDescriptor) throws {
        guard fsync(file.rawValue) == 0 else { throw Errno(rawValue: errno) }
    }

    private static func mapping(_ body: @escaping @Sendable () throws -> Void) async throws(RecordingError) {
        do {
            try await blocking(body)
        } catch let error as Errno where error == .noSpace || error == .diskQuotaExceeded {
            throw .full
        } catch {
            throw .unavailable(reason: "\(error)")
        }
    }

    private static func blocking<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result(catching: body)) }
        }
    }
}
