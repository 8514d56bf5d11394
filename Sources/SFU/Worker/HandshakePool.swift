import DTLS
private import Dispatch
private import Synchronization
import Wire

/// Threads for handshakes: their public-key arithmetic would make pictures late on a worker's own.
final class HandshakePool: Sendable {
    private let queues: [DispatchQueue]

    init(threads: Int) {
        queues = (0..<max(1, threads)).map { DispatchQueue(label: "vitrine.handshakes.\($0)", qos: .userInitiated) }
    }

    /// Gives a handshake a datagram (nil: time has passed). One handshake's datagrams are taken in order.
    func advance(
        _ transport: DTLSTransport, with datagram: [UInt8]?,
        completion: @escaping @Sendable (Result<DTLSTransport.Step, any Error>) -> Void
    ) {
        let number = UInt(bitPattern: ObjectIdentifier(transport).hashValue) % UInt(queues.count)
        queues[Int(number)].async {
            let result = Result { try datagram.map(transport.receive) ?? transport.tick() }
            if case .success(let step) = result, step.keys == nil, step.datagrams.isEmpty { return }
            completion(result)
        }
    }
}
