internal import Foundation
internal import Logging
internal import Wire

/// What the last run left: uploads go on, whole ones are processed, deletions that had begun are finished. What nobody
/// knows of stays where it is: the store may be the wrong one, or an older copy.
extension RecordingLibrary {
    func pickUp() async {
        await finishDeletions()
        await removeUnbegun()
        for id in files.uploads {
            guard let upload = await restored(id) else { continue }
            uploads[id] = upload
            if upload.run == nil, upload.isWhole, !upload.isSettled { waiting.append(.upload(upload)) }
        }
        await reconcileRuns()
        await sweepUploads()
        let loose = (try? await LooseEnds(files: files, store: store).find()) ?? []
        if !loose.isEmpty {
            logger.warning(
                "some recordings belong to no livestream of this store, and are kept; see vitrine store check",
                metadata: ["files": "\(loose.count)"])
        }
        processNext()
    }

    /// What a death within the making of an upload has left, before anything of it could be sent.
    private func removeUnbegun() async {
        let known = Set(files.uploads)
        for name in RecordingFiles.names(in: files.uploadFolder) {
            let path = "\(files.uploadFolder)/\(name)"
            let isEmpty =
                name.hasSuffix(".part") && RecordingFiles.size(path) == 0
                && UploadID(String(name.dropLast(5))).map { !known.contains($0) } == true
            if isEmpty || name.hasSuffix(".json.new") { await DurableFile(path: path).remove() }
        }
    }

    private func restored(_ id: UploadID) async -> Upload? {
        guard let sidecar = try? Sidecar(path: files.sidecar(of: id).path), await !isGone(sidecar.stream) else {
            return nil
        }
        let bytes = files.bytes(of: id)
        // The last run may have died before it had these on disk; only now can they be counted.
        try? await bytes.synchronize()
        let changed = RecordingFiles.changed(bytes.path) ?? RecordingFiles.changed(files.sidecar(of: id).path)
        return sidecar.upload(id, bytes: await bytes.size, touched: changed ?? now())
    }

    /// A run that died between an upload's last byte and the record's entry of it.
    private func reconcileRuns() async {
        let byStream = Dictionary(grouping: uploads.values.filter { $0.run != nil && !$0.isSettled }, by: \.stream)
        for (stream, uploads) in byStream {
            try? await changeRuns(of: stream) { runs in
                for upload in uploads {
                    guard let key = upload.run else { continue }
                    if runs[key] == nil { _ = runs.begin(key, startsAtMS: upload.startsAtMS) }
                    if upload.isWhole { runs.finish(key) }
                }
                return true
            }
            await makeReplayIfDue(of: stream)
        }
    }

    /// A run that died between the deletion of a record and that of its files leaves what would be served for ever.
    private func finishDeletions() async {
        guard !files.markedDeletions.isEmpty, let identity = try? await store.identity() else { return }
        for stream in files.markedDeletions {
            // Another store's mark is kept for that one.
            let mark = try? String(contentsOfFile: files.deletionMark(of: stream).path, encoding: .utf8)
            guard mark == identity.text else { continue }
            do {
                _ = try await store.livestream(stream)
                await unmarkDeletion(of: stream)
            } catch .notFound {
                for id in files.uploads where (try? Sidecar(path: files.sidecar(of: id).path))?.stream == stream {
                    await discard(id)
                }
                await files.removeReplays(of: stream)
                await unmarkDeletion(of: stream)
            } catch {
                logger.warning("a deletion has to wait: \(error)", metadata: ["stream": "\(stream)"])
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
