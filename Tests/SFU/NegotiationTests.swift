import DTLS
import ICE
import Testing
import Wire

@testable import SFU

@Suite("The relay's answer")
struct NegotiationTests {
    private static let digest = [String](repeating: "AB", count: 32).joined(separator: ":")
    private static let opus = ["a=rtpmap:111 opus/48000/2", "a=fmtp:111 minptime=10"]

    /// An offer of a browser's kind: sound, then a picture, in one bundle.
    private static func offer(
        session: [String] = [
            "a=group:BUNDLE 0 1", "a=ice-ufrag:peer", "a=ice-pwd:a password of 22 and more",
            "a=fingerprint:sha-256 \(digest)", "a=setup:actpass",
        ],
        audio: [String] = ["m=audio 9 UDP/TLS/RTP/SAVPF 111 0", "a=mid:0", "a=rtcp-mux"] + opus,
        video: [String] = [
            "m=video 9 UDP/TLS/RTP/SAVPF 98 96 97", "a=mid:1", "a=rtcp-mux", "a=rtpmap:98 H265/90000",
            "a=rtpmap:96 VP8/90000", "a=rtcp-fb:96 nack", "a=rtcp-fb:* nack pli", "a=rtcp-fb:96 goog-remb",
            "a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96",
        ], others: [String] = [], lineEnd: String = "\r\n"
    ) -> String {
        let lines = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0"] + session + audio + video + others
        return lines.joined(separator: lineEnd) + lineEnd
    }

    private static let vp8: [MediaKind: Codec] = [
        .video: Codec(name: "VP8/90000", parameters: nil), .audio: Codec(name: "opus/48000/2", parameters: nil),
    ]

    private func answer(
        _ offer: String, wanted: [MediaKind: Codec]? = nil
    ) throws -> SessionDescription {
        let address = try #require(SocketAddress("192.0.2.7", port: 7_800))
        let fingerprint = try #require(Fingerprint("sha-256 \(Self.digest)"))
        let local = LocalPeer(
            id: .random(), credentials: ICECredentials(usernameFragment: "ufrag", password: "password"),
            fingerprint: fingerprint,
            candidates: [
                Candidate(address: address, transport: .udp, rank: 0),
                Candidate(address: address, transport: .tcpPassive, rank: 0),
            ], sessionID: 5)
        let negotiation = try Negotiation(offer: offer, wanted: wanted)
        return try SessionDescription(
            parsing: negotiation.answer(local, direction: wanted == nil ? .recvonly : .sendonly))
    }

    private func refusal(_ offer: String, wanted: [MediaKind: Codec]? = nil) -> String {
        do {
            _ = try Negotiation(offer: offer, wanted: wanted)
            return "taken"
        } catch {
            return error.explanation
        }
    }

    @Test("takes one picture and one sound that it can forward, and refuses the rest")
    func tracks() throws {
        let offer = Self.offer(others: ["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:2"])
        #expect(try Negotiation(offer: offer).tracks.map(\.codec.name) == ["opus/48000/2", "VP8/90000"])
        let answer = try answer(offer)
        #expect(answer.media.map(\.port) == [9, 9, 0])
        #expect(answer.attributes.contains("group:BUNDLE 0 1") && answer.attributes.contains("ice-lite"))
        let video = answer.media[1]
        #expect(video.formats == ["96", "97"] && video.has("recvonly") && video.value("setup") == "passive")
        #expect(
            video.values("candidate") == [
                "1 1 udp 2130706431 192.0.2.7 7800 typ host",
                "101 1 tcp 1520435199 192.0.2.7 7800 typ host tcptype passive",
            ])
        #expect(video.values("rtcp-fb") == ["96 nack", "96 nack pli"], "what was offered, and is spoken here")
        #expect(video.values("fmtp") == ["97 apt=96"] && !video.has("rtcp-rsize"))
    }

    // MARK: Bundles

    @Test("port 0 is no refusal of a section that is only to be had in the bundle, and one otherwise")
    func bundleOnly() throws {
        let bundled = ["m=audio 0 UDP/TLS/RTP/SAVPF 111", "a=mid:0", "a=bundle-only"] + Self.opus
        #expect(try answer(Self.offer(audio: bundled)).media.map(\.port) == [9, 9])
        let refused = ["m=audio 0 UDP/TLS/RTP/SAVPF 111", "a=mid:0"] + Self.opus
        let answer = try answer(Self.offer(audio: refused))
        #expect(answer.media.map(\.port) == [0, 9] && answer.attributes.contains("group:BUNDLE 1"))
    }

    @Test("takes ICE, certificate and setup from the section that has them")
    func transportOfTaggedSection() throws {
        let transport = [
            "a=ice-ufrag:tagged", "a=ice-pwd:a password of 22 and more",
            "a=fingerprint:SHA-256 \(Self.digest.lowercased())",
            "a=setup:passive",
        ]
        let negotiation = try Negotiation(
            offer: Self.offer(
                session: ["a=group:BUNDLE 0 1"],
                audio: ["m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=mid:0", "a=rtpmap:0 PCMU/8000"] + transport))
        #expect(negotiation.usernameFragment == "tagged" && negotiation.fingerprints.count == 1)
        #expect(negotiation.dtlsRole == .client && negotiation.tracks.map(\.kind) == [.video])
    }

    @Test("needs no names of a single section, nor of sections on one transport")
    func withoutNames() throws {
        let session = [
            "a=ice-ufrag:peer", "a=ice-pwd:a password of 22 and more", "a=fingerprint:sha-256 \(Self.digest)",
        ]
        let answer = try answer(
            Self.offer(
                session: session, audio: [], video: ["m=video 9 UDP/TLS/RTP/SAVPF 96", "a=rtpmap:96 VP8/90000"]))
        #expect(answer.media.map(\.port) == [9] && answer.media[0].value("mid") == nil)
        #expect(!answer.attributes.contains { $0.hasPrefix("group:") })
    }

    @Test("bundles no more than was offered: nothing without a bundle, and no section from outside of it")
    func noMoreBundled() throws {
        let session = [
            "a=ice-ufrag:peer", "a=ice-pwd:a password of 22 and more", "a=fingerprint:sha-256 \(Self.digest)",
        ]
        let alone = try answer(Self.offer(session: session))
        #expect(alone.media.map(\.port) == [9, 9] && !alone.attributes.contains { $0.hasPrefix("group:") })
        let muted = ["m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:0", "a=inactive"] + Self.opus
        let outside = try answer(Self.offer(session: ["a=group:BUNDLE 1"] + session, audio: muted))
        #expect(outside.attributes.contains("group:BUNDLE 1"))
    }

    @Test("takes a fragment with its own password, and of each section's fingerprints the strongest")
    func termsOfSections() throws {
        let strong = [String](repeating: "CD", count: 48).joined(separator: ":")
        let offer = Self.offer(
            session: ["a=group:BUNDLE 0 1", "a=ice-ufrag:session", "a=ice-pwd:the session's own password"],
            audio: [
                "m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:0", "a=ice-pwd:without a fragment, so nobody's",
                "a=fingerprint:sha-256 \(Self.digest)",
            ] + Self.opus,
            video: [
                "m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:1", "a=rtpmap:96 VP8/90000",
                "a=fingerprint:sha-256 \(Self.digest.replacing("B", with: "E"))", "a=fingerprint:sha-384 \(strong)",
            ])
        let negotiation = try Negotiation(offer: offer)
        #expect(negotiation.usernameFragment == "session" && negotiation.password == "the session's own password")
        #expect(negotiation.fingerprints.map(\.value) == [Self.digest, strong])
    }

    @Test("refuses names that are no names, and more than one transport")
    func bundleRefusals() {
        let twice = Self.offer(video: ["m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:0", "a=rtpmap:96 VP8/90000"])
        #expect(refusal(twice).contains("same mid"))
        let stranger = Self.offer(video: ["m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:9", "a=rtpmap:96 VP8/90000"])
        #expect(refusal(stranger).contains("BUNDLE"))
        let separate = Self.offer(
            session: ["a=fingerprint:sha-256 \(Self.digest)"],
            audio: ["m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=ice-ufrag:one1", "a=ice-pwd:a password of 22 and more"]
                + Self.opus,
            video: [
                "m=video 9 UDP/TLS/RTP/SAVPF 96", "a=ice-ufrag:two2", "a=ice-pwd:a password of 22 and more",
                "a=rtpmap:96 VP8/90000",
            ])
        #expect(refusal(separate).contains("BUNDLE"))
    }

    // MARK: Directions

    @Test(
        "a section in a direction in which nothing flows stays inactive, and is no track",
        arguments: [("inactive", true), ("recvonly", true), ("sendonly", false), ("inactive", false)])
    func directions(direction: String, isUplink: Bool) throws {
        let offer = Self.offer(
            audio: ["m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:0", "a=\(direction)"] + Self.opus)
        let wanted = isUplink ? nil : Self.vp8
        #expect(try Negotiation(offer: offer, wanted: wanted).tracks.map(\.kind) == [.video])
        let answer = try answer(offer, wanted: wanted)
        #expect(answer.media[0].has("inactive") && answer.media[1].has(isUplink ? "recvonly" : "sendonly"))
        #expect(answer.attributes.contains("group:BUNDLE 0 1"))
    }

    @Test("the session's direction is that of sections that say none")
    func sessionDirection() {
        let offer = Self.offer(
            session: [
                "a=group:BUNDLE 0 1", "a=ice-ufrag:peer", "a=ice-pwd:a password of 22 and more",
                "a=fingerprint:sha-256 \(Self.digest)", "a=recvonly",
            ])
        #expect(refusal(offer).contains("No section wants to send"))
        #expect(refusal(offer, wanted: Self.vp8) == "taken")
    }

    // MARK: Certificates and handshakes

    @Test(
        "takes fingerprints of any of the three hashes, of every section, in any case",
        arguments: [
            ("sha-256", 32), ("SHA-384", 48), ("Sha-512", 64),
        ])
    func hashes(name: String, size: Int) throws {
        let digest = [String](repeating: "aB", count: size).joined(separator: ":")
        let session = ["a=group:BUNDLE 0 1", "a=ice-ufrag:peer", "a=ice-pwd:a password of 22 and more"]
        let offer = Self.offer(
            session: session + ["a=fingerprint:md5 AA", "a=fingerprint: \(name)  \(digest) "])
        #expect(try Negotiation(offer: offer).fingerprints.map(\.value) == [digest.uppercased()])
        #expect(refusal(Self.offer(session: session)).contains("sha-256, sha-384 or sha-512"))
        let own = Self.offer(
            session: session + ["a=fingerprint:sha-256 \(Self.digest.replacing("B", with: "C"))"],
            audio: ["m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:0", "a=fingerprint:\(name) \(digest)"] + Self.opus)
        #expect(try Negotiation(offer: own).fingerprints.count == 2)
    }

    @Test(
        "says hello to who waits for it, and refuses who wants no connection",
        arguments: [
            ("actpass", "passive"), ("active", "passive"), ("passive", "active"), ("holdconn", nil), ("what", nil),
        ])
    func setup(offered: String, answered: String?) throws {
        let offer = Self.offer(
            session: [
                "a=group:BUNDLE 0 1", "a=ice-ufrag:peer", "a=ice-pwd:a password of 22 and more",
                "a=fingerprint:sha-256 \(Self.digest)", "a=setup:\(offered)",
            ])
        guard let answered else { return #expect(refusal(offer).contains("setup")) }
        #expect(try answer(offer).media.allSatisfy { $0.value("setup") == answered })
    }

    @Test("asks for ICE credentials of the RFC's lengths")
    func credentials() {
        func session(_ lines: [String]) -> String {
            Self.offer(session: ["a=group:BUNDLE 0 1", "a=fingerprint:sha-256 \(Self.digest)"] + lines)
        }
        #expect(refusal(session([])).contains("ice-ufrag"))
        #expect(refusal(session(["a=ice-ufrag:abc", "a=ice-pwd:a password of 22 and more"])).contains("4 to 256"))
        #expect(refusal(session(["a=ice-ufrag:abcd", "a=ice-pwd:short"])).contains("22 to 256"))
    }

    // MARK: Lines

    @Test("reads what peers write: line ends, blanks, cases, and what comes behind", arguments: ["\r\n", "\n", "\r"])
    func liberal(lineEnd: String) throws {
        var offer = Self.offer(
            audio: ["m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:0", "a=rtpmap:111  OPUS/48000 "],
            video: ["m=video 9/1 UDP/TLS/RTP/SAVPF 96  ", "a=mid:1", "a=rtpmap: 96 vp8/90000", "", "junk", "=", "k"],
            lineEnd: lineEnd)
        offer.removeLast()
        let negotiation = try Negotiation(offer: offer + "\0\0  " + lineEnd + "\0")
        #expect(negotiation.tracks.map(\.codec.name) == ["OPUS/48000", "vp8/90000"])
        #expect(try answer(offer).media[0].value("rtpmap") == "111 OPUS/48000")
    }

    @Test("takes no payload type that can't be told from RTCP")
    func payloadTypes() {
        let colliding = Self.offer(video: ["m=video 9 UDP/TLS/RTP/SAVPF 72", "a=mid:1", "a=rtpmap:72 VP8/90000"])
        #expect(refusal(colliding).contains("No codec in common"))
        let low = Self.offer(video: ["m=video 9 UDP/TLS/RTP/SAVPF 35", "a=mid:1", "a=rtpmap:35 VP8/90000"])
        #expect(refusal(low) == "taken")
    }

    // MARK: Codecs

    @Test("an offer whose picture can't be had is refused as a whole, and says what was offered and what is taken")
    func pictureOrNothing() {
        let hevc = Self.offer(video: ["m=video 9 UDP/TLS/RTP/SAVPF 98", "a=mid:1", "a=rtpmap:98 H265/90000"])
        #expect(
            refusal(hevc)
                == "Section video (mid \"1\"): No codec in common. Offered: H265/90000. Taken: \(Codec.forwarded).")
        let av1 = [MediaKind.video: Codec(name: "AV1/90000", parameters: nil)]
        #expect(refusal(Self.offer(), wanted: av1).contains("AV1/90000, which is what this show has"))
        #expect(refusal(Self.offer(video: [])) == "taken", "sound alone, in a bundle that names more")
        #expect(refusal("hello").contains("line 1") && refusal("v=0\r\n").contains("no m= section"))
        let plain = Self.offer(video: ["m=video 9 RTP/AVP 96", "a=mid:1", "a=rtpmap:96 VP8/90000"])
        #expect(refusal(plain) == "taken")
        let other = Self.offer(video: ["m=video 9 UDP/QUIC 96", "a=mid:1", "a=rtpmap:96 VP8/90000"])
        #expect(refusal(other).contains("UDP/QUIC, not UDP/TLS/RTP/SAVPF"))
    }

    private func h264(_ fmtp: String?) -> String {
        Self.offer(
            video: ["m=video 9 UDP/TLS/RTP/SAVPF 102", "a=mid:1", "a=rtpmap:102 H264/90000"]
                + (fmtp.map { ["a=fmtp:102 \($0)"] } ?? []))
    }

    @Test("plays H.264 to who names another profile, another mode or none, and the nearest where there are several")
    func profiles() throws {
        let high = [
            MediaKind.video: Codec(name: "H264/90000", parameters: "packetization-mode=1;profile-level-id=640028")
        ]
        for fmtp in [
            nil, "packetization-mode=1;profile-level-id=42e01f", " Profile-Level-ID=4D001F ; packetization-mode=0;",
        ] {
            #expect(try Negotiation(offer: h264(fmtp), wanted: high).tracks.map(\.payloadType) == [102])
        }
        let several = Self.offer(
            video: [
                "m=video 9 UDP/TLS/RTP/SAVPF 102 103 104", "a=mid:1", "a=rtpmap:102 H264/90000",
                "a=rtpmap:103 H264/90000", "a=fmtp:103 packetization-mode=1;profile-level-id=42e01f",
                "a=rtpmap:104 H264/90000", "a=fmtp:104 profile-level-id=64001F;packetization-mode=1",
            ])
        #expect(try Negotiation(offer: several, wanted: high).tracks.map(\.payloadType) == [104])
        #expect(
            FormatParameters("profile-level-id=4d801e").h264Profile
                == FormatParameters("profile-level-id=42e01f").h264Profile)
        #expect(FormatParameters(nil).h264Profile == "baseline" && FormatParameters(nil).packetizationMode == "0")
    }

    @Test(
        "a profile that can't be read is not passed on",
        arguments: [
            ("42e001f", "42e01f"), ("422001f", "42e01f"), ("xyz", nil), ("12345678", nil), ("42e0g1f", nil),
            ("640028", "640028"),
        ])
    func malformedProfile(written: String, passedOn: String?) {
        let codec = Codec(name: "H264/90000", parameters: "packetization-mode=1;profile-level-id=\(written)")
        #expect(codec.parameters == "packetization-mode=1" + (passedOn.map { ";profile-level-id=\($0)" } ?? ""))
    }

    @Test("parameter sets are read from the description")
    func parameterSets() {
        let codec = Codec(name: "H264/90000", parameters: "sprop-parameter-sets=Z0LAHw==,aM4=,!")
        #expect(codec.parameterSets == [[0x67, 0x42, 0xC0, 0x1F], [0x68, 0xCE]])
        #expect(Codec(name: "VP8/90000", parameters: "sprop-parameter-sets=Z0LAHw==").parameterSets.isEmpty)
    }

    @Test("offers H.264 of any profile in a second form, and takes the answer's choice")
    func alternative() throws {
        var track = NegotiatedTrack(
            mid: "0", kind: .video, codec: Codec(name: "H264/90000", parameters: "profile-level-id=640028"),
            payloadType: 96, repairPayloadType: 97)
        track.alternative = .init(
            codec: Codec(name: "H264/90000", parameters: "profile-level-id=42e01f"), payloadType: 98,
            repairPayloadType: 99)
        func answer(_ formats: String) throws -> [NegotiatedTrack] {
            try Negotiation.answer(
                Self.offer(audio: [], video: ["m=video 9 UDP/TLS/RTP/SAVPF \(formats)", "a=mid:0", "a=recvonly"])
                    .replacing("a=group:BUNDLE 0 1", with: "a=group:BUNDLE 0")
            ).tracks(of: [track])
        }
        #expect(try answer("98 99").map(\.payloadType) == [98] && answer("98 99").map(\.repairPayloadType) == [99])
        #expect(try answer("96").map(\.payloadType) == [96] && answer("96").map(\.repairPayloadType) == [nil])
        #expect(try answer("55").isEmpty)
    }

    // MARK: Layers

    @Test("takes all layers of a simulcast, of which the one that is liked best is forwarded")
    func layers() throws {
        let simulcast = [
            "m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:1", "a=rtpmap:96 VP8/90000", "a=rid:hi send pt=96",
            "a=rid:lo send",
            "a=rid:no recv", "a=simulcast:send hi;~lo;no;gone recv x", "a=extmap:4 \(Negotiation.ridExtensionURI)",
            "a=extmap:99 \(Negotiation.midExtensionURI)", "a=ssrc:5 cname:x",
        ]
        let offer = Self.offer(video: simulcast)
        let negotiation = try Negotiation(offer: offer)
        #expect(negotiation.tracks.last?.rids == ["hi", "lo"] && negotiation.tracks.last?.ridExtension == 4)
        #expect(negotiation.announcedSources[.video] == nil, "it may be any layer's")
        let video = try answer(offer).media[1]
        #expect(video.values("rid") == ["hi recv", "lo recv"] && video.value("simulcast") == "recv hi;lo")
        #expect(video.values("extmap") == ["4 \(Negotiation.ridExtensionURI)"])
    }
}
