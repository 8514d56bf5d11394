import DTLS
import ICE
import Wire

/// What a peer offered, as far as the relay uses it, and the relay's answer (RFC 8829, RFC 9143).
struct Negotiation {
    struct Track: Equatable {
        let mid: String
        let kind: String
        let payloadType: UInt8
        /// `VP8/90000`
        let codec: String
        let parameters: String?
    }

    private static let videoCodecs = ["VP8", "H264", "VP9", "AV1"]
    private static let audioCodecs = ["opus"]

    let offer: SessionDescription
    let fingerprint: String
    /// The accepted tracks: one video and one audio at most.
    let tracks: [Track]

    /// `wanted`: the codecs to accept, by kind; nil takes what the peer prefers among those that the relay forwards.
    init(offer text: String, wanted: [String: String]? = nil) throws(RelayError) {
        do {
            offer = try SessionDescription(parsing: text)
        } catch {
            throw .invalidOffer(reason: "The SDP can't be read.")
        }
        var tracks: [Track] = []
        var fingerprint: String?
        for media in offer.media {
            guard let mid = media.value("mid"), !tracks.contains(where: { $0.kind == media.kind }), media.port != 0,
                let track = Self.track(in: media, mid: mid, wanted: wanted?[media.kind], isBound: wanted != nil)
            else { continue }
            tracks.append(track)
            fingerprint = fingerprint ?? offer.value("fingerprint", in: media)
        }
        guard !tracks.isEmpty else {
            let offered = offer.media.flatMap { $0.codecs.map(\.name) }.joined(separator: ", ")
            throw .noCommonCodec(offered: offered.isEmpty ? "nothing" : offered)
        }
        let words = (fingerprint ?? "").split(separator: " ")
        guard words.count == 2, words[0].lowercased() == "sha-256" else {
            throw .invalidOffer(reason: "The offer has no SHA-256 fingerprint.")
        }
        self.tracks = tracks
        self.fingerprint = String(words[1])
    }

    private static func track(
        in media: SessionDescription.Media, mid: String, wanted: String?, isBound: Bool
    ) -> Track? {
        let known = media.kind == "video" ? videoCodecs : media.kind == "audio" ? audioCodecs : []
        let codec = media.codecs.first { codec in
            let name = codec.name.split(separator: "/").first.map(String.init) ?? ""
            guard known.contains(where: { $0.caseInsensitiveEquals(name) }) else { return false }
            return isBound ? wanted?.caseInsensitiveEquals(codec.name) == true : true
        }
        guard let codec else { return nil }
        return Track(
            mid: mid, kind: media.kind, payloadType: codec.payloadType, codec: codec.name, parameters: codec.parameters)
    }

    /// The relay's answer: ICE-lite, passive in DTLS, everything on one transport.
    func answer(
        credentials: ICECredentials, fingerprint: String, candidates: [SocketAddress], direction: String,
        sessionID: UInt64
    ) -> String {
        let mids = tracks.map(\.mid).joined(separator: " ")
        let media = offer.media.map { offered -> SessionDescription.Media in
            guard let mid = offered.value("mid"), let track = tracks.first(where: { $0.mid == mid }) else {
                return .init(
                    kind: offered.kind, port: 0, protocol: offered.protocol, formats: [offered.formats[0]],
                    attributes: ["inactive"] + (offered.value("mid").map { ["mid:\($0)"] } ?? []))
            }
            return Self.section(
                track, protocol: offered.protocol, credentials: credentials, fingerprint: fingerprint,
                candidates: candidates, direction: direction, setup: "passive")
        }
        return SessionDescription(
            sessionID: sessionID, attributes: ["group:BUNDLE \(mids)", "ice-lite", "msid-semantic: WMS *"], media: media
        ).text
    }

    /// An offer of the relay's own for these tracks of an uplink.
    static func offer(
        _ tracks: [Track], credentials: ICECredentials, fingerprint: String, candidates: [SocketAddress],
        sessionID: UInt64
    ) -> String {
        let media = tracks.map { track in
            section(
                track, protocol: "UDP/TLS/RTP/SAVPF", credentials: credentials, fingerprint: fingerprint,
                candidates: candidates, direction: "sendonly", setup: "actpass")
        }
        let mids = tracks.map(\.mid).joined(separator: " ")
        return SessionDescription(
            sessionID: sessionID, attributes: ["group:BUNDLE \(mids)", "ice-lite", "msid-semantic: WMS *"], media: media
        ).text
    }

    /// The SHA-256 fingerprint that an answer brings; nil when it has none.
    static func fingerprint(inAnswer text: String) -> String? {
        guard let answer = try? SessionDescription(parsing: text) else { return nil }
        let line =
            answer.media.lazy.compactMap { answer.value("fingerprint", in: $0) }.first ?? answer.value("fingerprint")
        let words = (line ?? "").split(separator: " ")
        return words.count == 2 && words[0].lowercased() == "sha-256" ? String(words[1]) : nil
    }

    private static func section(
        _ track: Track, protocol: String, credentials: ICECredentials, fingerprint: String,
        candidates: [SocketAddress], direction: String, setup: String
    ) -> SessionDescription.Media {
        var attributes = [
            "mid:\(track.mid)", "ice-ufrag:\(credentials.usernameFragment)", "ice-pwd:\(credentials.password)",
            "fingerprint:sha-256 \(fingerprint)", "setup:\(setup)", "rtcp-mux", "rtcp-rsize", direction,
            "rtpmap:\(track.payloadType) \(track.codec)",
        ]
        if let parameters = track.parameters { attributes.append("fmtp:\(track.payloadType) \(parameters)") }
        if track.kind == "video" {
            attributes += ["nack", "nack pli", "ccm fir"].map { "rtcp-fb:\(track.payloadType) \($0)" }
        }
        if direction == "sendonly" { attributes.append("msid:vitrine \(track.kind)") }
        attributes += candidates.enumerated().map { index, address in
            // RFC 8445, section 5.1.2.1, for a host candidate.
            let priority = 126 << 24 | (65_535 - index) << 8 | 255
            return "candidate:\(index + 1) 1 udp \(priority) \(address.host) \(address.port) typ host"
        }
        attributes.append("end-of-candidates")
        return .init(
            kind: track.kind, port: 9, protocol: `protocol`, formats: ["\(track.payloadType)"], attributes: attributes)
    }
}

/// Why the relay does not take a peer.
package enum RelayError: Error, Equatable {
    case invalidOffer(reason: String)
    /// Names what was offered.
    case noCommonCodec(offered: String)
    /// Nobody publishes this stream now.
    case noUplink
    case unavailable(reason: String)
}

extension String {
    fileprivate func caseInsensitiveEquals(_ other: String) -> Bool { lowercased() == other.lowercased() }
}
