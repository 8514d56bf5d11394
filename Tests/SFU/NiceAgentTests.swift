import CNicePeer
import DTLS
import Logging
import Testing
import Wire

@testable import SFU

/// The real relay on real sockets, with the ICE agent that others wrote on the other side.
@Suite("libnice's full agent")
struct NiceAgentTests {
    private func offer(_ agent: OpaquePointer, fingerprint: Fingerprint) -> String {
        """
        v=0\r
        o=- 1 1 IN IP4 0.0.0.0\r
        s=-\r
        t=0 0\r
        a=ice-ufrag:\(String(cString: nice_peer_fragment(agent)))\r
        a=ice-pwd:\(String(cString: nice_peer_password(agent)))\r
        a=fingerprint:\(fingerprint)\r
        m=video 9 UDP/TLS/RTP/SAVPF 96\r
        a=mid:0\r
        a=rtpmap:96 VP8/90000\r

        """
    }

    private func connect(_ agent: OpaquePointer, to answer: String, password: String? = nil) throws -> Bool {
        let description = try SessionDescription(parsing: answer)
        let media = try #require(description.media.first)
        let candidate = try #require(media.values("candidate").first { $0.contains("127.0.0.1") && $0.contains("udp") })
        let port = try #require(UInt32(candidate.split(separator: " ")[5]))
        let fragment = try #require(description.value("ice-ufrag", in: media))
        let real = try #require(description.value("ice-pwd", in: media))
        return nice_peer_connect(agent, fragment, password ?? real, "127.0.0.1", port, 5_000) == 1
    }

    @Test("nominates a pair with the relay, and is answered in DTLS on it")
    func connects() async throws {
        try await withTaskExecutorPreference(OwnThread()) {
            let relay = try Relay(
                configuration: RelayConfiguration(port: 0, includesLoopback: true), logger: Logger(label: "test"))
            defer { relay.stop() }
            let certificate = try DTLSCertificate()
            let agent = try #require(nice_peer_create())
            defer { nice_peer_free(agent) }
            let session = try await relay.publish(.random(), offer: offer(agent, fingerprint: certificate.fingerprint))
            #expect(try connect(agent, to: session.answer))
            let client = DTLSTransport(
                certificate: certificate, remoteFingerprints: [certificate.fingerprint], role: .client)
            for flight in try client.begin().datagrams {
                #expect(nice_peer_send(agent, flight, UInt32(flight.count)) == flight.count)
            }
            // Its answer is a handshake record (RFC 6347, section 4.1).
            let heard = nice_peer_hears(agent, 22, 5_000)
            let statistics = await relay.statistics()
            #expect(heard == 1, "\(statistics)")
        }
    }

    @Test("gets nowhere with a wrong password")
    func wrongPassword() async throws {
        try await withTaskExecutorPreference(OwnThread()) {
            let relay = try Relay(
                configuration: RelayConfiguration(port: 0, includesLoopback: true), logger: Logger(label: "test"))
            defer { relay.stop() }
            let agent = try #require(nice_peer_create())
            defer { nice_peer_free(agent) }
            let session = try await relay.publish(
                .random(), offer: offer(agent, fingerprint: DTLSCertificate().fingerprint))
            #expect(try !connect(agent, to: session.answer, password: "not what was agreed on"))
        }
    }
}
