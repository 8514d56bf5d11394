import ICE
import Testing
import Wire

@testable import SFU

@Suite("The relay's answer")
struct NegotiationTests {
    private static let fingerprint = Fingerprint(.sha256, digest: [UInt8](repeating: 0xAB, count: 32))!
    private let offer = """
        v=0\r
        o=- 1 1 IN IP4 0.0.0.0\r
        s=-\r
        t=0 0\r
        a=fingerprint:\(Self.fingerprint)\r
        m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r
        a=mid:0\r
        a=rtpmap:111 opus/48000/2\r
        a=fmtp:111 minptime=10\r
        m=video 9 UDP/TLS/RTP/SAVPF 98 96\r
        a=mid:1\r
        a=rtpmap:98 H265/90000\r
        a=rtpmap:96 VP8/90000\r
        m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r
        a=mid:2\r

        """

    @Test("takes one picture and one sound that it can forward, and refuses the rest")
    func tracks() throws {
        let negotiation = try Negotiation(offer: offer)
        #expect(negotiation.tracks.map(\.codec.name) == ["opus/48000/2", "VP8/90000"])
        #expect(negotiation.fingerprints == [Self.fingerprint])
        let address = try #require(SocketAddress("192.0.2.7", port: 7_800))
        let local = LocalPeer(
            id: .random(), credentials: ICECredentials(usernameFragment: "ufrag", password: "password"),
            fingerprint: Self.fingerprint,
            candidates: [
                Candidate(address: address, transport: .udp, rank: 0),
                Candidate(address: address, transport: .tcpPassive, rank: 0),
            ], sessionID: 5)
        let answer = try SessionDescription(parsing: negotiation.answer(local, direction: .recvonly))
        #expect(answer.media.map(\.port) == [9, 9, 0])
        #expect(answer.attributes.contains("group:BUNDLE 0 1") && answer.attributes.contains("ice-lite"))
        let video = answer.media[1]
        #expect(video.formats == ["96"] && video.has("recvonly") && video.value("setup") == "passive")
        #expect(
            video.values("candidate") == [
                "1 1 udp 2130706431 192.0.2.7 7800 typ host",
                "101 1 tcp 1520435199 192.0.2.7 7800 typ host tcptype passive",
            ])
        #expect(video.values("rtcp-fb").contains("96 nack pli"))
    }

    @Test("names what was offered when nothing fits, and asks for a fingerprint")
    func refusals() {
        #expect(throws: RelayError.noCommonCodec(offered: "opus/48000/2, H265/90000, VP8/90000")) {
            try Negotiation(offer: offer, wanted: [.video: Codec(name: "AV1/90000", parameters: nil)])
        }
        let bare = offer.replacing("a=fingerprint:\(Self.fingerprint)\r\n", with: "")
        #expect(throws: RelayError.invalidOffer(reason: "The offer has no fingerprint by sha-256, sha-384 or sha-512."))
        {
            try Negotiation(offer: bare)
        }
        #expect(throws: RelayError.self) { try Negotiation(offer: "hello") }
    }
}
