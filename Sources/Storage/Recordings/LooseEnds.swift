internal import Foundation
package import Wire

/// What lies in a data folder and belongs to nothing that its store has, and the other way round.
package struct LooseEnds: Sendable {
    /// One of them.
    package enum End: Equatable, Sendable {
        case file(path: String, sizeBytes: Int64, reason: String)
        /// The livestream's record says that there is a replay, and there is no file.
        case missingReplay(StreamID)
    }

    let files: RecordingFiles
    let store: any LivestreamStore

    /// `folder`: the recordings'.
    package init(folder: String, store: any LivestreamStore) {
        self.init(files: RecordingFiles(folder: URL(fileURLWithPath: folder).path), store: store)
    }

    init(files: RecordingFiles, store: any LivestreamStore) {
        self.files = files
        self.store = store
    }

    /// Throws when the store can't be asked: then nothing can be said of anything.
    package func find() async throws(StoreError) -> [End] {
        var ends: [End] = []
        var known: [StreamID: Bool] = [:]
        func isKnown(_ stream: StreamID) async throws(StoreError) -> Bool {
            if let answer = known[stream] { return answer }
            let answer = try await has(stream)
            known[stream] = answer
            return answer
        }
        for replay in files.replays where try await !isKnown(replay.stream) {
            ends.append(end(replay.path, "the replay of livestream \(replay.stream), which the store lacks"))
        }
        var described: Set<String> = []
        for id in files.uploads {
            let paths = [files.bytes(of: id).path, files.sidecar(of: id).path]
            described.formUnion(paths)
            guard let stream = try? Sidecar(path: paths[1]).stream else {
                ends += paths.filter(Self.exists).map { end($0, "an upload whose description can't be read") }
                continue
            }
            guard try await !isKnown(stream) else { continue }
            ends += paths.filter(Self.exists).map {
                end($0, "an upload for livestream \(stream), which the store lacks")
            }
        }
        for name in RecordingFiles.names(in: files.uploadFolder) {
            let path = "\(files.uploadFolder)/\(name)"
            // A description that is being replaced now is nobody's loss.
            if !described.contains(path), !name.hasSuffix(".json.new") {
                ends.append(end(path, "what an upload left that nobody knows"))
            }
        }
        return ends + (try await missingReplays())
    }

    /// Removes one, as the operator has said.
    package func remove(_ end: End) async throws(StoreError) {
        switch end {
        case .file(let path, _, _): await DurableFile(path: path).remove()
        case .missingReplay(let stream): try await store.setRecording(nil, of: stream)
        }
    }

    private func missingReplays() async throws(StoreError) -> [End] {
        let there = Set(files.replays.map(\.stream))
        var page = PageRequest(limit: PageRequest.allowedLimit.upperBound)
        var ends: [End] = []
        repeat {
            let part = try await store.livestreams(status: nil, page: page)
            ends += part.items.filter { $0.recording?.status == .ready && !there.contains($0.id) }
                .map { .missingReplay($0.id) }
            page.cursor = part.nextCursor
        } while page.cursor != nil
        return ends
    }

    private func has(_ stream: StreamID) async throws(StoreError) -> Bool {
        do {
            _ = try await store.livestream(stream)
            return true
        } catch .notFound {
            return false
        }
    }

    private static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    private func end(_ path: String, _ reason: String) -> End {
        .file(path: path, sizeBytes: RecordingFiles.size(path), reason: reason)
    }
}
