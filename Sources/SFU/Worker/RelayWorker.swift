import DTLS
import Logging
import Net
import Wire

/// One thread of the relay with its port: it moves datagrams between the sockets and the engine.
actor RelayWorker {
    /// Batches of datagrams taken before what they brought goes out.
    private static let batches = 4

    private nonisolated let loop: PollLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private let port: UDPPort
    private let outlet: WorkerOutlet
    private let engine: RelayEngine

    /// `onUplinkEnd` is told of streams whose uplink has gone.
    init(
        number: Int, configuration: RelayConfiguration, certificate: DTLSCertificate, handshakes: HandshakePool,
        logger: Logger, onUplinkEnd: @escaping @Sendable (StreamID) -> Void
    ) throws {
        let loop = PollLoop(name: "vitrine.relay.\(number)")
        self.loop = loop
        port = try UDPPort(binding: configuration.bindAddress(worker: number))
        let descriptor = port.descriptor
        let link = Link()
        outlet = WorkerOutlet(
            port: port, handshakes: handshakes, logger: logger,
            onHandshake: { session, result in link.deliver(session, result) }, onUplinkEnd: onUplinkEnd)
        engine = RelayEngine(
            outlet: outlet, certificate: certificate, candidates: configuration.candidates(port: port.address.port),
            mapped: port.isDual)
        link.worker = self
        loop.add(descriptor) { [unowned self] _, _ in assumeIsolated { $0.receive() } }
    }

    /// Breaks the circle between a worker and what calls it back.
    private final class Link: @unchecked Sendable {  // written once, before anything can call
        weak var worker: RelayWorker?

        func deliver(_ session: RelaySessionID, _ result: Result<DTLSTransport.Step, any Error>) {
            guard let worker else { return }
            Task { await worker.handshakeAdvanced(session, result) }
        }
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

    private func afterEvents(at now: MonotonicTime) -> MonotonicTime? {
        engine.flush(at: now)
        return engine.handleTimers(at: now)
    }

    private func handshakeAdvanced(_ session: RelaySessionID, _ result: Result<DTLSTransport.Step, any Error>) {
        engine.handshakeAdvanced(session, result, at: MonotonicClock.now())
    }

    func publish(_ stream: StreamID, offer: String) throws -> Relay.Session {
        let (id, answer) = try engine.publish(stream, offer: offer, at: MonotonicClock.now())
        return Relay.Session(id: id, answer: answer)
    }

    func play(_ stream: StreamID, offer: String) throws -> Relay.Session {
        let (id, answer) = try engine.play(stream, offer: offer, at: MonotonicClock.now())
        return Relay.Session(id: id, answer: answer)
    }

    func invite(_ stream: StreamID) throws -> (id: RelaySessionID, offer: String) {
        try engine.invite(stream, at: MonotonicClock.now())
    }

    func accept(_ session: RelaySessionID, answer: String) throws {
        try engine.accept(session, answer: answer, at: MonotonicClock.now())
    }

    func end(_ session: RelaySessionID) -> Bool { engine.end(session) }
}
