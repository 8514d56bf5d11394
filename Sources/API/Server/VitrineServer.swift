internal import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOCore
import NIOPosix
import NIOSSL
package import SFU
import ServiceLifecycle
import Signaling
package import Storage
import Synchronization
import Wire

/// The whole server: pages, REST and signaling on one port, over a store and a library of recordings.
package struct VitrineServer: Service {
    private let options: ServerOptions
    private let store: any LivestreamStore
    private let recordings: RecordingLibrary
    private let relay: Relay
    private let logger: Logger
    private let onReady: @Sendable (_ port: Int) -> Void

    /// `onReady` is called once, when the server takes connections.
    package init(
        options: ServerOptions, store: any LivestreamStore, recordings: RecordingLibrary, relay: Relay, logger: Logger,
        onReady: @escaping @Sendable (_ port: Int) -> Void
    ) {
        self.options = options
        self.store = store
        self.recordings = recordings
        self.relay = relay
        self.logger = logger
        self.onReady = onReady
    }

    /// Returns after a graceful shutdown, when every client has been told and every write is done.
    package func run() async throws {
        let clock = ServerClock()
        let metrics = ServerMetrics()
        var room = RoomConfiguration()
        room.adminGraceMS = options.adminGraceMS
        room.relayIsAvailable = true
        let replays = options.viewerTokenSecret.map { ReplaySignature(secret: $0) }
        let shows = ShowRegistry(
            store: store, clock: clock, configuration: room, backlogLimit: options.storeQueue, relay: relay,
            replays: replays,
            onEnded: { [recordings] in await recordings.makeReplayIfDue(of: $0) }, metrics: metrics, logger: logger)
        await recordings.observe { await shows.recordChanged($0) }
        let iceServers = ICEServerSource(
            fixed: options.iceServers, turnURLs: options.turnURLs, turnSecret: options.turnSecret, clock: clock)
        let admin = AdminAuthority(token: options.adminToken)
        var viewers: ViewerAuthority?
        if let secret = options.viewerTokenSecret { viewers = await ViewerAuthority(secret: secret) }
        let resumes = ResumeAuthority(secret: options.adminToken)
        let rules = ClientSession.Rules(
            admin: admin, viewers: viewers, resumes: resumes, clock: clock,
            recordings: recordings, joinTime: options.joinTime, iceServers: { iceServers.servers() })

        let parts = Parts(
            clock: clock, metrics: metrics, shows: shows, iceServers: iceServers, admin: admin,
            access: ShowAccess(admin: admin, viewers: viewers, resumes: resumes, replays: replays, clock: clock))
        let application = Application(
            router: try router(parts), server: try serverBuilder(shows: shows, rules: rules),
            configuration: .init(address: .hostname(options.host, port: options.port), serverName: nil, backlog: 4_096),
            onServerRunning: { channel in onReady(channel.localAddress?.port ?? options.port) }, logger: logger)
        let doors = Doors(application: application)
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: ShowKeeper(shows: shows)),
                    .init(service: UplinkKeeper(relay: relay, shows: shows)),
                    .init(
                        service: RetentionKeeper(
                            sweep: RetentionSweep(
                                rules: options.retention, store: store, recordings: recordings, logger: logger),
                            recordings: recordings, isNeeded: !options.retention.keepsAll, clock: clock)),
                    .init(service: doors, successTerminationBehavior: .gracefullyShutdownGroup),
                ], logger: logger))
        do {
            try await group.run()
        } catch {
            // Whichever service happened to be cancelled first says less.
            let trouble = doors.trouble ?? error
            throw ListenFailure(trouble, host: options.host, port: options.port) ?? trouble
        }
    }

    private struct Parts {
        let clock: ServerClock
        let metrics: ServerMetrics
        let shows: ShowRegistry
        let iceServers: ICEServerSource
        let admin: AdminAuthority
        let access: ShowAccess
    }

    private func router(_ parts: Parts) throws -> Router<VitrineContext> {
        let router = Router(context: VitrineContext.self, options: .autoGenerateHeadEndpoints)
        let origins = OriginPolicy(allowed: options.allowedOrigins)
        let admin = AdminMiddleware(authority: parts.admin)
        router.add(middleware: ResponseCountingMiddleware(metrics: parts.metrics))
        router.add(middleware: SecurityHeadersMiddleware(isSecure: options.isSecure))
        router.add(middleware: CrossOriginMiddleware(policy: origins))
        router.add(middleware: TusVersionMiddleware())
        router.add(middleware: ProblemMiddleware())
        let allowed = AllowedMethods()
        router.add(middleware: AllowedMethodsMiddleware(allowed: allowed))
        LivestreamRoutes(
            store: store, shows: parts.shows, recordings: recordings, clock: parts.clock,
            deliveryMode: options.deliveryMode, access: parts.access,
            admin: admin
        ).add(to: router)
        ChatRoutes(store: store, shows: parts.shows, access: parts.access, admin: admin).add(to: router)
        ProductRoutes(store: store, shows: parts.shows, clock: parts.clock, access: parts.access, admin: admin).add(
            to: router)
        RecordingRoutes(recordings: recordings, store: store, access: parts.access, admin: admin).add(to: router)
        RelayRoutes(
            relay: relay, store: store, shows: parts.shows, iceServers: parts.iceServers, admin: admin,
            access: parts.access
        ).add(to: router)
        OperatorRoutes(
            store: store, shows: parts.shows, metrics: parts.metrics, relay: relay, iceServers: parts.iceServers,
            description: try Self.description(), access: parts.access, admin: admin
        ).add(to: router)
        SignalingRoute(origins: origins).add(to: router)
        try PageRoutes().add(to: router)
        allowed.read(router)
        return router
    }

    private func serverBuilder(shows: ShowRegistry, rules: ClientSession.Rules) throws -> HTTPServerBuilder {
        let route = SignalingRoute(origins: OriginPolicy(allowed: options.allowedOrigins))
        let plain = HTTPServerBuilder { responder in
            WebSocketHTTPChannel(
                responder: responder, admits: { route.admits($0) },
                serve: { await ClientSession(connection: $0, shows: shows, rules: rules).run() })
        }
        guard let certificatePath = options.tlsCertificatePath, let keyPath = options.tlsKeyPath else { return plain }
        let chain = try NIOSSLCertificate.fromPEMFile(certificatePath).map { NIOSSLCertificateSource.certificate($0) }
        let key = try NIOSSLPrivateKey(file: keyPath, format: .pem)
        var tls = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
        tls.minimumTLSVersion = .tlsv12
        tls.applicationProtocols = ["http/1.1"]
        return try .tls(plain, tlsConfiguration: tls)
    }

    /// The API's own description, as it lies beside this program.
    private static func description() throws -> ByteBuffer {
        let url = Bundle.module.bundleURL.appendingPathComponent("openapi.json")
        return ByteBuffer(bytes: try Data(contentsOf: url))
    }
}

/// What logs may say of it: its options hold secrets.
extension VitrineServer: CustomStringConvertible {
    package var description: String { "VitrineServer" }
}

/// Nobody can connect.
package struct ListenFailure: Error {
    package let host: String
    package let port: Int
    /// For people.
    package let reason: String

    init?(_ error: any Error, host: String, port: Int) {
        guard let error = error as? IOError else { return nil }
        (self.host, self.port) = (host, port)
        reason =
            switch error.errnoCode {
            case EADDRINUSE: "another program has this port; choose another with --port"
            case EACCES: "this user may not have it; choose one over 1023 with --port"
            case EADDRNOTAVAIL: "this machine doesn't have this address; see --host"
            default: "\(error)"
            }
    }
}

/// Takes connections, and keeps why it couldn't.
private final class Doors: Service {
    private let application: any ApplicationProtocol
    private let failure = Mutex<(any Error)?>(nil)

    init(application: any ApplicationProtocol) { self.application = application }

    var trouble: (any Error)? { failure.withLock { $0 } }

    func run() async throws {
        do {
            try await application.run()
        } catch {
            failure.withLock { $0 = error }
            throw error
        }
    }
}

/// Tells rooms what becomes of their uplinks.
private struct UplinkKeeper: Service {
    let relay: Relay
    let shows: ShowRegistry

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var players = PlayerCounts()
            for await news in relay.uplinks {
                switch news {
                case .changed(let stream): await shows.tell(stream, .uplinkChanged)
                case .shown(let stream, let session): await shows.uplinkShown(session, of: stream)
                case .ended(let stream): await shows.tell(stream, .uplinkEnded)
                case .quality(let stream, let session, let quality):
                    await shows.qualityChanged(to: quality, of: session, in: stream)
                case .players(let stream, let worker, let count):
                    await shows.tell(stream, .playersChanged(players.note(count, on: worker, of: stream)))
                }
            }
        }
        relay.stop()
    }
}

/// How many watch by an offer of their own, on all of the relay's workers.
private struct PlayerCounts {
    private var counts: [StreamID: [Int: Int]] = [:]

    /// How many they are in all, with so many on this worker now.
    mutating func note(_ count: Int, on worker: Int, of stream: StreamID) -> Int {
        var workers = counts[stream] ?? [:]
        workers[worker] = count > 0 ? count : nil
        counts[stream] = workers.isEmpty ? nil : workers
        return workers.values.reduce(0, +)
    }
}

/// Keeps memory free of shows that nobody attends, and closes the others when the server stops.
private struct ShowKeeper: Service {
    let shows: ShowRegistry

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await shows.restore()
            while (try? await Task.sleep(for: .seconds(30))) != nil { await shows.sweep() }
        }
        await shows.close()
    }
}
