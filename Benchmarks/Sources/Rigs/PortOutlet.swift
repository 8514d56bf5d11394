@testable import DTLS
@testable import Net
@testable import SFU
@testable import Wire

/// A socket: what is sent to viewers goes out by it, as a worker's does.
final class PortOutlet: RelayOutlet {
    let port: UDPPort
    private(set) var datagrams = 0

    /// `segments`: the kernel cuts messages into datagrams.
    init(segments: Bool = true) throws {
        guard let address = SocketAddress("127.0.0.1", port: 0) else { preconditionFailure("it is an address") }
        port = try UDPPort(binding: address, segments: segments)
    }

    func send(_ batch: inout DatagramBatch) { datagrams += Int(port.send(&batch).datagrams) }
    func send(_ datagram: [UInt8], to endpoint: Endpoint) {}
    func trust(_ endpoint: Endpoint) {}
    func advance(_ transport: DTLSTransport, with datagram: [UInt8]?, for session: RelaySessionID) {}
    func release(_ transport: DTLSTransport) {}
    func tell(_ news: ShowNews) {}
    func nudge(_ workers: UInt64) {}
    func viewerLeft() {}
    func abandon(_ endpoint: Endpoint) {}
    func isCongested(_ endpoint: Endpoint) -> Bool { false }
    func report(_ news: UplinkNews) {}
    func log(_ line: String, _ stream: StreamID) {}
}
