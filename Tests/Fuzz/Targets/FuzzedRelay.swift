import DTLS
import ICE
import Net
import TestSupport
import Wire

@testable import SFU

/// An engine with a peer whose handshake has begun. One thread only.
final class FuzzedRelay: @unchecked Sendable {
    static let shared = try? FuzzedRelay()

    private final class Outlet: RelayOutlet {
        func send(_ batch: inout DatagramBatch) { batch.reset() }
        func send(_ datagram: [UInt8], to endpoint: Endpoint) {}
        func release(_ transport: DTLSTransport) { transport.close() }
        func trust(_ endpoint: Endpoint) {}
        func tell(_ news: ShowNews) {}
        func nudge(_ workers: UInt64) {}
        func viewerLeft() {}
        func advance(_ transport: DTLSTransport, with datagram: [UInt8]?, for session: RelaySessionID) {
            if let datagram { _ = try? transport.receive(datagram) }
        }
        func abandon(_ endpoint: Endpoint) {}
        func isCongested(_ endpoint: Endpoint) -> Bool { false }
        func report(_ news: UplinkNews) {}
        func log(_ line: String, _ stream: StreamID) {}
    }

    private static let offer = """
        v=0\r
        o=- 1 1 IN IP4 0.0.0.0\r
        s=-\r
        t=0 0\r
        a=ice-ufrag:fuzz\r
        a=ice-pwd:the fuzzer's own password\r
        a=fingerprint:sha-256 \((0..<32).map { _ in "AB" }.joined(separator: ":"))\r
        m=video 9 UDP/TLS/RTP/SAVPF 96\r
        a=mid:0\r
        a=rtpmap:96 VP8/90000\r

        """

    private let engine: RelayEngine
    private let peer: Endpoint
    private let stranger: Endpoint
    private var now = MonotonicTime(nanoseconds: 1)

    private struct Unusable: Error {}

    private init() throws {
        var generator = SeededGenerator(seed: 1)
        engine = try RelayEngine(
            outlet: Outlet(), certificate: try DTLSCertificate(), candidates: [],
            generator: SeededGenerator(seed: 2))
        guard let near = SocketAddress("192.0.2.1", port: 1), let far = SocketAddress("192.0.2.2", port: 2) else {
            throw Unusable()
        }
        (peer, stranger) = (Endpoint(near), Endpoint(far))
        let local = try engine.publish(StreamID.random(), try Negotiation(offer: Self.offer), at: now)
        let checker = ConnectivityChecker(remote: local.credentials, localFragment: "fuzz", using: &generator)
        if let check = checker.makeCheck() { receive(check) }
    }

    func receive(_ bytes: [UInt8]) {
        now = now.advanced(byMilliseconds: 40)
        for endpoint in [peer, stranger] {
            var bytes = bytes
            bytes.withUnsafeMutableBytes { engine.receive($0, from: endpoint, at: now) }
        }
        engine.flush(at: now)
    }
}
