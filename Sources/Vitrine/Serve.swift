import API
import ArgumentParser
internal import Foundation
import Logging
import SFU
import ServiceLifecycle
import Storage
import UnixSignals

/// `vitrine serve`: reads the settings, opens the store, runs the server until it is told to stop.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the server.",
        discussion: """
            Every option may also be given as an environment variable (VITRINE_ and its name in capitals, as in \
            VITRINE_ADMIN_TOKEN) or in a JSON file named by --config, as in {"admin-token": "…"}. The command line \
            counts before the environment, the environment before the file.
            """)

    @OptionGroup var options: ServeArguments

    mutating func run() async throws {
        let settings = try await Settings(options)
        let logger = Self.makeLogger(level: settings.logLevel)
        let folder = try DataFolder(path: settings.dataFolder)
        // Before anything in it is touched.
        let lock = try FolderLock(folder: folder.path)
        defer { withExtendedLifetime(lock) {} }
        var server = settings.server
        let token = try settings.adminToken ?? folder.adminToken()
        server.adminToken = token

        let store = try await openStore(settings.store, in: folder, logger: logger)
        await folder.meet(store, logger: logger)
        let recordings = try await openRecordings(store: store, in: folder, settings, logger: logger)
        let relay = try openRelay(settings, logger: logger)
        let announcement = Announcement(settings: settings, tokenIsMade: settings.adminToken == nil, token: token)
        let vitrine = VitrineServer(
            options: server, store: store, recordings: recordings, relay: relay, logger: logger,
            onReady: { port in announcement.print(port: port) })
        try await run(vitrine, logger: logger)
        await recordings.shutdown()
        await store.close()
        logger.info("stopped")
    }

    private func run(_ server: VitrineServer, logger: Logger) async throws {
        let impatience = Impatience()
        defer { impatience.cancel() }
        var configuration = ServiceGroupConfiguration(
            services: [.init(service: server, successTerminationBehavior: .gracefullyShutdownGroup)],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(8)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch {
            throw Failure.trouble("the server can't run: \(Failure.reason(of: error))")
        }
    }

    private func openStore(
        _ option: String, in folder: DataFolder, logger: Logger
    ) async throws -> any LivestreamStore {
        let store = try await StoreAddress(option: option, in: folder).open()
        guard let mongo = store as? MongoStore else { return store }
        do {
            try await mongo.prepare()
        } catch .newerRelease {
            await store.close()
            throw Failure.trouble("can't open the store \(mongo.shown): \(Failure.reason(of: StoreError.newerRelease))")
        } catch {
            // It may come later: until then /readyz says 503, and whoever needs it is told so.
            logger.error("the store \(mongo.shown) is away: \(Failure.reason(of: error))")
        }
        return store
    }

    private func openRecordings(
        store: any LivestreamStore, in folder: DataFolder, _ settings: Settings, logger: Logger
    ) async throws -> RecordingLibrary {
        var patience = RecordingLibrary.Patience()
        if let expiry = settings.uploadExpiryMS { patience.uploadExpiryMS = expiry }
        do {
            return try await RecordingLibrary(
                folder: folder.path("recordings"), store: store, logger: logger, patience: patience)
        } catch {
            throw Failure.trouble("can't open the recordings in \(folder.path): \(Failure.reason(of: error))")
        }
    }

    /// A port that was asked for must be free; the usual one may be taken by another server on this machine.
    private func openRelay(_ settings: Settings, logger: Logger) throws -> Relay {
        do {
            return try Relay(configuration: settings.relay, logger: logger)
        } catch  where !settings.relayPortIsGiven {
            logger.warning("UDP port \(settings.relay.port) is taken: the relay takes a free one")
            var configuration = settings.relay
            configuration.port = 0
            return try Relay(configuration: configuration, logger: logger)
        } catch {
            throw Failure.trouble("the relay can't start: \(Failure.reason(of: error))")
        }
    }

    private static func makeLogger(level: Logger.Level) -> Logger {
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        var logger = Logger(label: "vitrine")
        logger.logLevel = level
        return logger
    }
}

/// Ends the program at once at a second signal: somebody does not want to wait for the rest.
private final class Impatience: Sendable {
    private let task = Task {
        var count = 0
        for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
            count += 1
            if count == 2 { _exit(1) }
        }
    }

    func cancel() { task.cancel() }
}
