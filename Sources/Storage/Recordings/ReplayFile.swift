internal import Glibc
internal import SystemPackage

/// A whole recording, open to be read: a new one that takes its name meanwhile, or its deletion, changes nothing here.
package final class ReplayFile: Sendable {
    let path: String
    package let sizeBytes: Int64
    package let mimeType: String
    /// Changes whenever the bytes do.
    package let etag: String
    private let file: FileDescriptor

    /// Nil when there is none, or nothing in it.
    init?(path: String, mimeType: String) {
        guard let file = try? FileDescriptor.open(FilePath(path), .readOnly) else { return nil }
        guard let state = try? file.stat(), state.type == .regular, state.size > 0 else {
            try? file.close()
            return nil
        }
        let changed = Int64(state.st_mtim.tv_sec) * 1_000_000_000 + Int64(state.st_mtim.tv_nsec)
        self.file = file
        self.path = path
        self.mimeType = mimeType
        sizeBytes = state.size
        etag = "\"\(String(state.size, radix: 36))-\(String(changed, radix: 36))\""
    }

    deinit { try? file.close() }

    /// `count` bytes from `offset` on, or as many as there are. Waits for the disk.
    package func read(_ count: Int, at offset: Int64) throws -> [UInt8] {
        try unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, read in
            read = try unsafe file.read(fromAbsoluteOffset: offset, into: UnsafeMutableRawBufferPointer(buffer))
        }
    }
}
