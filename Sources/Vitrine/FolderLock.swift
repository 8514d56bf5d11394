internal import Glibc
internal import SystemPackage

/// A data folder's one owner: a lock of the kernel's (flock(2)), which a process that dies doesn't keep.
final class FolderLock: Sendable {
    private let file: FileDescriptor

    /// Throws one line that names the process that holds the folder.
    init(folder: String) throws {
        let path = FilePath("\(folder)/lock")
        do {
            // Not for children: a server that is killed while ffmpeg runs leaves the folder free.
            file = try FileDescriptor.open(
                path, .readWrite, options: [.create, .closeOnExec], permissions: .ownerReadWrite)
        } catch {
            throw Failure.trouble("can't lock the data folder \(folder): \(error)")
        }
        guard flock(file.rawValue, LOCK_EX | LOCK_NB) == 0 else {
            let holder = Self.holder(file).map { "process \($0)" } ?? "another process"
            try? file.close()
            throw Failure.trouble(
                "the data folder \(folder) is in use by \(holder): stop that one, or name another --data-folder")
        }
        try? file.resize(to: 0)
        _ = try? file.writeAll(toAbsoluteOffset: 0, Array("\(getpid())\n".utf8))
    }

    deinit { try? file.close() }

    private static func holder(_ file: FileDescriptor) -> Int? {
        let bytes = try? unsafe [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            count = try unsafe file.read(fromAbsoluteOffset: 0, into: UnsafeMutableRawBufferPointer(buffer))
        }
        return bytes.flatMap { Int(String(decoding: $0.prefix { $0 != 10 }, as: UTF8.self)) }
    }
}
