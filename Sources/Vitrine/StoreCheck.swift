import ArgumentParser
internal import Foundation
import Storage

/// `vitrine store check`.
struct StoreCheck: AsyncParsableCommand {
    /// Something hangs loose.
    private static let looseStatus: Int32 = 3

    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "List what hangs loose between a data folder and its store.",
        discussion: """
            Lists recordings and uploads that belong to no livestream of the store, and livestreams whose replay is \
            missing. Nothing is removed unless --remove says so: look first whether --store is the right one. The exit \
            status is 0 when nothing hangs loose, 3 when something does.
            """)

    @Option(help: "The data folder. (default: ./data)")
    var dataFolder: String?

    @Option(help: "Its store: sqlite, sqlite:PATH or a mongodb:// URI. (default: sqlite)")
    var store: String?

    @Flag(help: "Removes what is listed. Stop the server first.")
    var remove = false

    mutating func run() async throws {
        let source = try await SettingsSource(configPath: nil)
        let path = try source.text("data-folder", dataFolder) ?? "./data"
        guard FileManager.default.fileExists(atPath: path) else {
            throw Failure.trouble("there is no data folder \(path)")
        }
        let folder = try DataFolder(path: path)
        let lock = remove ? try FolderLock(folder: path) : nil
        defer { withExtendedLifetime(lock) {} }
        let store = try await open(StoreAddress(option: try source.text("store", store) ?? "sqlite", in: folder))
        let check = LooseEnds(folder: folder.path("recordings"), store: store)
        do {
            let isForeign = folder.belongs(to: try await store.identity()) == false
            if isForeign { print("The data folder has belonged to another store than this one.") }
            let ends = try await check.find()
            for end in ends { print(Self.line(end, under: path)) }
            if remove {
                for end in ends { try await check.remove(end) }
                if isForeign { try folder.take(try await store.identity()) }
            }
            await store.close()
            try report(ends, isForeign: isForeign)
        } catch let error as StoreError {
            throw Failure.trouble("can't ask the store: \(Failure.reason(of: error))")
        }
    }

    private func open(_ address: StoreAddress) async throws -> any LivestreamStore {
        if case .sqlite(let path) = address, !FileManager.default.fileExists(atPath: path) {
            throw Failure.trouble("there is no store \(path)")
        }
        let store = try await address.open()
        guard let mongo = store as? MongoStore else { return store }
        do {
            try await mongo.prepare()
        } catch {
            throw Failure.trouble("can't open the store \(mongo.shown): \(Failure.reason(of: error))")
        }
        return store
    }

    private func report(_ ends: [LooseEnds.End], isForeign: Bool) throws {
        guard !ends.isEmpty || isForeign else { return print("vitrine: nothing hangs loose") }
        let bytes = ends.reduce(Int64(0)) { sum, end in
            if case .file(_, let size, _) = end { sum + size } else { sum }
        }
        let size = ByteCountFormatter.string(fromByteCount: bytes, countStyle: .file)
        guard remove else {
            print("vitrine: \(ends.count) things hang loose, \(size) in files; --remove removes them")
            throw ExitCode(Self.looseStatus)
        }
        print("vitrine: removed \(ends.count) things, \(size) in files")
    }

    private static func line(_ end: LooseEnds.End, under folder: String) -> String {
        switch end {
        case .file(let path, let bytes, let reason):
            let size = ByteCountFormatter.string(fromByteCount: bytes, countStyle: .file)
            return "\(path): \(size), \(reason)"
        case .missingReplay(let stream):
            return "livestream \(stream): its record says that there is a replay, and there is none"
        }
    }
}
