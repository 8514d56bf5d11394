import DTLS
package import Logging
private import Net
package import Wire

/// Vitrine's own media peer: takes one uplink a stream, and serves it to any number of viewers.
package struct Relay: Sendable {
    /// A peer that was taken: how it is called, and the answer to its offer.
    package struct Session: Sendable {
        package let id: RelaySessionID
        package let answer: String
    }

    private let worker: RelayWorker

    /// Streams whose uplink has gone.
    package let endedUplinks: AsyncStream<StreamID>

    /// Listens at once. Throws `.unavailable` when it can't.
    package init(configuration: RelayConfiguration, logger: Logger) throws(RelayError) {
        let (stream, continuation) = AsyncStream<StreamID>.makeStream()
        endedUplinks = stream
        do {
            worker = try RelayWorker(
                number: 0, configuration: configuration, certificate: DTLSCertificate(),
                handshakes: HandshakePool(threads: 1), logger: logger, onUplinkEnd: { continuation.yield($0) })
        } catch let failure as NetFailure {
            throw .unavailable(reason: failure.reason)
        } catch {
            throw .unavailable(reason: "\(error)")
        }
        worker.start()
    }

    package func publish(_ stream: StreamID, offer: String) async throws -> Session {
        try await worker.publish(stream, offer: offer)
    }

    package func play(_ stream: StreamID, offer: String) async throws -> Session {
        try await worker.play(stream, offer: offer)
    }

    /// Takes a viewer to whom the relay offers.
    package func invite(_ stream: StreamID) async throws -> (id: RelaySessionID, offer: String) {
        try await worker.invite(stream)
    }

    package func accept(_ session: RelaySessionID, answer: String) async throws {
        try await worker.accept(session, answer: answer)
    }

    /// False when there is no such session.
    package func end(_ session: RelaySessionID) async -> Bool { await worker.end(session) }

    package func stop() { worker.stop() }
}
