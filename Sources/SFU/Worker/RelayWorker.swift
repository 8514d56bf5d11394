import DTLS
import ICE
import Logging
import Net
import Wire

/// One thread of the relay with its port: it moves datagrams between the sockets and the engine.
actor RelayWorker {
    /// Batches of datagrams taken before what they brought goes out.
    private static let batches = 4

    nonisolated let loop: PollLoop
    nonisolated let load: WorkerLoad
    nonisolated let link: Link
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private let port: UDPPort
    private let outlet: WorkerOutlet
    private let engine: RelayEngine

    /// `onUplink` is told what becomes of streams' uplinks.
    init(
        number: Int, configuration: RelayConfiguration, certificate: DTLSCertificate, handshakes: HandshakePool,
        logger: Logger, onUplink: @escaping @Sendable (UplinkNews) -> Void
    ) throws {
        let loop = PollLoop(name: "vitrine.relay.\(number)")
        let link = Link(loop)
        let (port, tcp) = try Self.openPorts(
            binding: configuration.bindAddress(worker: number), loop: loop, logger: logger
        ) { frame, connection, source in
            link.receive(frame, from: Endpoint(source, connection: connection))
        }
        let load = WorkerLoad()
        let outlet = WorkerOutlet(
            port: port, load: load, handshakes: handshakes, logger: logger,
            onHandshake: { session, result in link.deliver(session, result) }, onUplink: onUplink)
        outlet.tcp = tcp
        self.loop = loop
        self.load = load
        self.link = link
        self.port = port
        self.outlet = outlet
        engine = try RelayEngine(
            place: .init(number: number, count: configuration.workers), outlet: outlet, certificate: certificate,
            candidates: configuration.candidates(port: port.address.port, tcp: outlet.tcp != nil), mapped: port.isDual,
            cipherHome: configuration.cipherHome)
        link.worker = self
        tcp?.onBacklog = { link.noteBacklog(of: $0, isCongested: $1) }
        loop.add(port.descriptor) { _, _ in link.receive() }
    }

    /// UDP and TCP on one number, TCP only where it can be had. A number that the kernel chose for UDP may be taken for
    /// TCP: then another is tried.
    private static func openPorts(
        binding address: SocketAddress, loop: PollLoop, logger: Logger,
        onFrame: @escaping ([UInt8], UInt64, SocketAddress) -> Void
    ) throws -> (UDPPort, TCPPort?) {
        var attempts = address.port == 0 ? 10 : 1
        while true {
            let port = try UDPPort(binding: address)
            attempts -= 1
            do {
                return (port, try TCPPort(port: port.address.port, loop: loop, onFrame: onFrame))
            } catch {
                guard attempts == 0 else { continue }
                logger.warning("the relay does without TCP: \(error.reason)")
                return (port, nil)
            }
        }
    }

    /// Calls a worker back, on its own thread; without holding it.
    final class Link: @unchecked Sendable {  // the worker is written once, before anything can call
        fileprivate weak var worker: RelayWorker?
        private let loop: PollLoop

        fileprivate init(_ loop: PollLoop) { self.loop = loop }

        /// On the worker's thread, as the next.
        fileprivate func receive() { worker?.assumeIsolated { $0.receive() } }

        fileprivate func receive(_ frame: [UInt8], from endpoint: Endpoint) {
            worker?.assumeIsolated { $0.receive(frame, from: endpoint) }
        }

        /// On the worker's thread, from within a call of the engine's: so it is told later.
        fileprivate func noteBacklog(of connection: UInt64, isCongested: Bool) {
            loop.perform { [self] in
                worker?.assumeIsolated { $0.noteBacklog(of: connection, isCongested: isCongested) }
            }
        }

        fileprivate func deliver(_ session: RelaySessionID, _ result: Result<DTLSTransport.Step, any Error>) {
            loop.perform { [self] in worker?.assumeIsolated { $0.handshakeAdvanced(session, result) } }
        }

        func deliver(_ news: ShowNews) {
            loop.perform { [self] in worker?.assumeIsolated { $0.receive(news) } }
        }

        func nudge() { loop.nudge() }
    }

    /// To be called once, before `start`.
    nonisolated func meet(_ others: [Int: Link]) {
        loop.perform { [self] in assumeIsolated { $0.outlet.siblings = others } }
    }

    nonisolated func start() {
        loop.start { [self] now in assumeIsolated { $0.afterEvents(at: now) } }
    }

    nonisolated func stop() { loop.stop() }

    private func receive() {
        let now = MonotonicClock.now()
        for _ in 0..<Self.batches {
            let count = port.receive { datagram, source in engine.receive(datagram, from: Endpoint(source), at: now) }
            if count < 64 { return }
        }
    }

    private func receive(_ frame: [UInt8], from endpoint: Endpoint) {
        var frame = frame
        frame.withUnsafeMutableBytes { engine.receive($0, from: endpoint, at: MonotonicClock.now()) }
    }

    private func afterEvents(at now: MonotonicTime) -> MonotonicTime? {
        engine.flush(at: now)
        outlet.tcp?.sweep(at: now)
        let next = engine.handleTimers(at: now)
        return engine.isSending ? now : next
    }

    private func noteBacklog(of connection: UInt64, isCongested: Bool) {
        engine.noteBacklog(of: connection, isCongested: isCongested, at: MonotonicClock.now())
    }

    private func receive(_ news: ShowNews) { engine.receive(news, at: MonotonicClock.now()) }

    private func handshakeAdvanced(_ session: RelaySessionID, _ result: Result<DTLSTransport.Step, any Error>) {
        engine.handshakeAdvanced(session, result, at: MonotonicClock.now())
    }

    // MARK: Sessions. Descriptions are read and written on the caller's thread, not on this one.

    /// `resumes`: the same connection may offer again to restart ICE.
    nonisolated func publish(_ stream: StreamID, offer: String, resumes: Bool) async throws -> Relay.Session {
        let offer = try Negotiation(offer: offer)
        let local = try await take { engine, now in try engine.publish(stream, offer, resumes: resumes, at: now) }
        return session(local, answer: offer.answer(local, direction: .recvonly))
    }

    nonisolated func play(_ stream: StreamID, offer: String) async throws -> Relay.Session {
        let show = try await take { engine, _ in try engine.show(stream) }
        let offer = try Negotiation(offer: offer, wanted: show.codecs)
        let local = try await take { engine, now in try engine.play(stream, offer, at: now) }
        return session(local, answer: offer.answer(local, direction: .sendonly, sources: show.sources))
    }

    nonisolated func invite(_ stream: StreamID) async throws -> (id: RelaySessionID, offer: String) {
        let show = try await take { engine, _ in try engine.show(stream) }
        let tracks = show.offeredTracks
        let local = try await take { engine, now in try engine.invite(stream, tracks, at: now) }
        return (local.id, Negotiation.offer(tracks, local, sources: show.sources))
    }

    nonisolated func accept(_ session: RelaySessionID, answer: String) async throws -> String? {
        let answer = try Negotiation.answer(answer)
        return try await take { engine, now in engine.accept(session, answer, at: now)?.summary }
    }

    private func take<Taken: Sendable>(
        _ body: @Sendable (RelayEngine, MonotonicTime) throws -> Taken
    ) throws -> Taken {
        try body(engine, MonotonicClock.now())
    }

    private nonisolated func session(_ local: LocalPeer, answer: String) -> Relay.Session {
        Relay.Session(id: local.id, answer: answer, tag: local.credentials.usernameFragment)
    }

    func patch(_ session: RelaySessionID, tag: String?, remote: RemoteCredentials) -> Relay.Patch {
        guard let former = engine.tag(of: session) else { return .noSuchSession }
        guard tag == nil || tag == former else { return .stale }
        guard let local = engine.restart(session, remote: remote) else { return .noSuchSession }
        let current = local.credentials.usernameFragment
        return current == former ? .trickled : .restarted(lines: local.transportLines, tag: current)
    }

    func end(_ session: RelaySessionID) -> Bool { engine.end(session) }

    func end(_ stream: StreamID) { engine.end(stream) }

    func statistics() -> RelayStatistics { engine.statistics(outlet.counts, at: MonotonicClock.now()) }
}
