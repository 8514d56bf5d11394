internal import Foundation
internal import Wire

/// What the last run left: uploads go on, whole ones are processed, and nothing stays of what nobody knows any more.
extension RecordingLibrary {
    func pickUp() async {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: uploadFolder)) ?? []
        var known: Set<String> = []
        for name in names.sorted() where name.hasSuffix(".json") {
            guard let id = UploadID(String(name.dropLast(".json".count))), let upload = await restored(id)
            else { continue }
            known.formUnion(["\(id).json", "\(id).part"])
            uploads[id] = upload
            if upload.isWhole { waiting.append(upload) }
        }
        for name in names where !known.contains(name) { await DurableFile(path: "\(uploadFolder)/\(name)").remove() }
        await removeOrphanedReplays()
        processNext()
    }

    private func restored(_ id: UploadID) async -> Upload? {
        guard let sidecar = try? Sidecar(path: sidecar(of: id).path), await !isGone(sidecar.stream) else { return nil }
        // The last run may have died before it had these on disk; only now can they be counted.
        try? await bytes(of: id).synchronize()
        return Upload(
            id: id, stream: sidecar.stream, length: sidecar.length, format: sidecar.format, parts: sidecar.parts,
            offset: min(await bytes(of: id).size, sidecar.length))
    }

    /// A run that died between the deletion of a record and that of its files leaves what would be served for ever.
    private func removeOrphanedReplays() async {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            for format in RecordingFormat.allCases where name.hasSuffix(".\(format.fileExtension)") {
                guard let stream = StreamID(String(name.dropLast(format.fileExtension.count + 1))) else { continue }
                if await isGone(stream) { await removeReplays(of: stream) }
            }
        }
    }

    func isGone(_ stream: StreamID) async -> Bool {
        do {
            _ = try await store.livestream(stream)
            return false
        } catch .notFound {
            return true
        } catch {
            return false
        }
    }
}
