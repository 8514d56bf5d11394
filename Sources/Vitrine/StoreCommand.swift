import ArgumentParser
internal import Foundation
import Storage
import Wire

/// `vitrine store`: what an operator does with stores.
struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "Work on stores.", subcommands: [Copy.self, StoreCheck.self])

    /// `vitrine store copy FROM TO`.
    struct Copy: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Move a shop from one store to another.",
            discussion: """
                Copies everything but the recordings' files, which stay in the data folder; then reads TO back and \
                compares it. Stop the server first. What was interrupted goes on when it is started again; FROM stays \
                as it is.
                """)

        @Argument(help: "A data folder, sqlite:PATH or a mongodb:// URI.")
        var from: String

        @Argument(help: "The same; an empty store, or what an earlier try has left.")
        var to: String

        mutating func run() async throws {
            guard from != to else { throw Failure.usage("FROM and TO are the same store") }
            let locks = try Set([from, to].compactMap(Self.dataFolder)).map { try FolderLock(folder: $0) }
            defer { withExtendedLifetime(locks) {} }
            let source = try await Self.open(StoreAddress(argument: from), mustExist: true)
            let target = try await Self.open(StoreAddress(argument: to), mustExist: false)
            var meter = ProgressMeter()
            do {
                let done = try await StoreCopy(from: source, to: target).run { meter.show($0) }
                meter.end()
                print(
                    "vitrine: copied \(done.livestreams) livestreams with \(done.records) chat messages and batches of "
                        + "likes; both stores agree")
            } catch let failure as StoreCopy.Failure {
                meter.end()
                throw Failure.trouble(Self.reason(of: failure))
            }
            await source.close()
            await target.close()
        }

        /// The data folder that an address lies in, which a server may be using; nil for none.
        private static func dataFolder(_ text: String) -> String? {
            guard case .sqlite(let path) = StoreAddress(argument: text) else { return nil }
            let folder = URL(fileURLWithPath: path).standardizedFileURL.deletingLastPathComponent().path
            return FileManager.default.fileExists(atPath: "\(folder)/lock") ? folder : nil
        }

        private static func open(_ address: StoreAddress, mustExist: Bool) async throws -> any LivestreamStore {
            if case .sqlite(let path) = address {
                if mustExist, !FileManager.default.fileExists(atPath: path) {
                    throw Failure.trouble("there is no store \(path)")
                }
                _ = try? FileManager.default.createDirectory(
                    at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
            }
            let store = try await address.open()
            if let mongo = store as? MongoStore {
                do {
                    try await mongo.prepare()
                } catch {
                    throw Failure.trouble("can't open the store \(mongo.shown): \(Failure.reason(of: error))")
                }
            }
            return store
        }

        private static func reason(of failure: StoreCopy.Failure) -> String {
            switch failure {
            case .source(let error): "can't read FROM: \(Failure.reason(of: error)); start it again to go on"
            case .target(let error): "can't write to TO: \(Failure.reason(of: error)); start it again to go on"
            case .foreign(let id): "TO holds the livestream \(id), which FROM doesn't: copy into an empty store"
            case .differs(let id): "the livestream \(id) is not the same in TO: is a server running on one of them?"
            }
        }
    }
}
