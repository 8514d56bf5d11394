@testable import DTLS
@testable import Net
@testable import SFU
@testable import Wire

/// Nobody: what is sent is counted and forgotten.
final class NullOutlet: RelayOutlet {
    private(set) var messages = 0

    init() {}

    func send(_ batch: inout DatagramBatch) {
        messages += batch.count
        batch.reset()
    }

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
