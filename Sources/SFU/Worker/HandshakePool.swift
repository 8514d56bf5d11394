import DTLS
import Net

/// Threads for handshakes, which give way to the workers: their public-key arithmetic must not make a picture late, not
/// even where all share one core.
final class HandshakePool: Sendable {
    private let threads: [BackgroundThread]

    init(threads count: Int) {
        threads = (0..<max(1, count)).map { BackgroundThread(name: "vitrine.handshake.\($0)") }
    }

    /// Gives a handshake a datagram (nil: time has passed, or it is to begin). One handshake's datagrams are taken in order.
    func advance(
        _ transport: DTLSTransport, with datagram: [UInt8]?,
        completion: @escaping @Sendable (Result<DTLSTransport.Step, any Error>) -> Void
    ) {
        thread(of: transport).perform {
            let result = Result { try datagram.map(transport.receive) ?? transport.resume() }
            if case .success(let step) = result, step.isEmpty { return }
            completion(result)
        }
    }

    /// Lets go of a handshake here: to free what OpenSSL had for it takes longer than to forward a frame.
    func release(_ transport: DTLSTransport) { thread(of: transport).perform { transport.close() } }

    func stop() { for thread in threads { thread.stop() } }

    private func thread(of transport: DTLSTransport) -> BackgroundThread {
        threads[Int(UInt(bitPattern: ObjectIdentifier(transport).hashValue) % UInt(threads.count))]
    }
}
