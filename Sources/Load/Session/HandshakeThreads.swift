import DTLS
private import Dispatch

/// Threads for handshakes: their arithmetic would spoil the times of packets on a worker's own.
final class HandshakeThreads: Sendable {
    private let queues: [DispatchQueue]

    init(count: Int) {
        queues = (0..<max(1, count)).map { DispatchQueue(label: "vitrine.load.handshakes.\($0)") }
    }

    /// Steps of one handshake are taken in order. `completion` is called when there is something to do.
    func advance(
        _ handshake: DTLSTransport, _ input: PeerTransport.HandshakeInput, number: Int,
        completion: @escaping @Sendable (Result<DTLSTransport.Step, any Error>) -> Void
    ) {
        queues[number % queues.count].async {
            let result = Result {
                switch input {
                case .begin: try handshake.begin()
                case .datagram(let bytes): try handshake.receive(bytes)
                case .tick: handshake.tick()
                }
            }
            if case .success(let step) = result, step.keys == nil, step.datagrams.isEmpty { return }
            completion(result)
        }
    }
}
