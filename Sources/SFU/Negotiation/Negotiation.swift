import DTLS
import Wire

/// What a peer offered, as far as the relay uses it, and the relay's answer (RFC 8829, RFC 9143).
struct Negotiation: Sendable {
    static let transportExtensionURI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

    let offer: SessionDescription
    /// Of the peer's certificate.
    let fingerprints: [Fingerprint]
    /// The peer's own; nil when it doesn't say.
    let usernameFragment: String?
    var password: String? { offer.media.lazy.compactMap { offer.value("ice-pwd", in: $0) }.first }
    var dtlsRole: DTLSTransport.Role { .server }
    /// The accepted tracks: one video and one audio at most.
    let tracks: [NegotiatedTrack]

    /// `wanted`: the codecs to accept, by kind; nil takes what the peer prefers among those that the relay forwards.
    init(offer text: String, wanted: [MediaKind: Codec]? = nil) throws(RelayError) {
        do {
            offer = try SessionDescription(parsing: text)
        } catch {
            throw .invalidOffer(reason: "The SDP can't be read.")
        }
        var tracks: [NegotiatedTrack] = []
        for media in offer.media where media.port != 0 {
            guard let mid = media.value("mid"), let kind = MediaKind(rawValue: media.kind),
                !tracks.contains(where: { $0.kind == kind }),
                let track = Self.track(in: media, mid: mid, kind: kind, wanted: wanted)
            else { continue }
            tracks.append(track)
        }
        guard let first = tracks.first, let section = offer.media.first(where: { $0.value("mid") == first.mid }) else {
            let offered = offer.media.flatMap { $0.codecs.map(\.name) }.joined(separator: ", ")
            throw .noCommonCodec(offered: offered.isEmpty ? "nothing" : offered)
        }
        fingerprints = Self.fingerprints(offer, in: section)
        guard !fingerprints.isEmpty else {
            throw .invalidOffer(reason: "The offer has no fingerprint by sha-256, sha-384 or sha-512.")
        }
        self.tracks = tracks
        usernameFragment = offer.value("ice-ufrag", in: section)
    }

    /// The SSRC of each track's media, where the offer names it (RFC 5576); the first of a group is the original.
    var announcedSources: [MediaKind: UInt32] {
        var sources: [MediaKind: UInt32] = [:]
        for track in tracks {
            let media = offer.media.first { $0.value("mid") == track.mid }
            let group = media?.values("ssrc-group").first { $0.hasPrefix("FID ") }?.dropFirst(4)
            let line = group.map(String.init) ?? media?.value("ssrc")
            sources[track.kind] = line?.split(separator: " ").first.flatMap { UInt32($0) }
        }
        return sources
    }

    private static func track(
        in media: SessionDescription.Media, mid: String, kind: MediaKind, wanted: [MediaKind: Codec]?
    ) -> NegotiatedTrack? {
        let codecs = media.codecs
        let found = codecs.lazy.map {
            (payloadType: $0.payloadType, codec: Codec(name: $0.name, parameters: $0.parameters))
        }
        .first { offered in
            guard let wanted else { return offered.codec.isForwarded(as: kind) }
            return wanted[kind]?.isPlayed(by: offered.codec) == true
        }
        guard let found else { return nil }
        var track = NegotiatedTrack(mid: mid, kind: kind, codec: found.codec, payloadType: found.payloadType)
        let isViewer = wanted != nil
        track.repairPayloadType =
            codecs.first { $0.name.lowercased().hasPrefix("rtx/") && $0.parameters == "apt=\(found.payloadType)" }?
            .payloadType
        if !isViewer {
            track.transportExtension = media.values("extmap").lazy.compactMap(extensionID).first
        }
        return track
    }

    /// The id in `3 http://…transport-wide-cc…` (RFC 8285, section 8); 15 and more would need another form.
    private static func extensionID(_ line: String) -> UInt8? {
        let words = line.split(separator: " ")
        guard words.count >= 2, words[1] == transportExtensionURI,
            let id = UInt8(words[0].prefix { $0 != "/" }), (1...14).contains(id)
        else { return nil }
        return id
    }

    /// A section's own go before the session's (RFC 8122, section 5).
    private static func fingerprints(
        _ description: SessionDescription, in section: SessionDescription.Media?
    ) -> [Fingerprint] {
        let own = (section?.values("fingerprint") ?? []).compactMap { Fingerprint($0) }
        return own.isEmpty ? description.values("fingerprint").compactMap { Fingerprint($0) } : own
    }

    /// The relay's answer: passive in DTLS, everything on one transport.
    func answer(_ local: LocalPeer, direction: MediaSection.Direction, sources: [MediaKind: MediaSources] = [:])
        -> String
    {
        let media = offer.media.map { offered -> SessionDescription.Media in
            guard let mid = offered.value("mid"), let track = tracks.first(where: { $0.mid == mid }) else {
                return .init(
                    kind: offered.kind, port: 0, protocol: offered.protocol, formats: [offered.formats[0]],
                    attributes: ["inactive"] + (offered.value("mid").map { ["mid:\($0)"] } ?? []))
            }
            return MediaSection(track: track, direction: direction, setup: .passive, sources: sources[track.kind])
                .media(local, protocol: offered.protocol)
        }
        return Self.description(local, tracks: tracks, media: media)
    }

    /// An offer of the relay's own for these tracks.
    static func offer(
        _ tracks: [NegotiatedTrack], _ local: LocalPeer, sources: [MediaKind: MediaSources]
    ) -> String {
        let media = tracks.map { track in
            MediaSection(track: track, direction: .sendonly, setup: .actpass, sources: sources[track.kind])
                .media(local, protocol: "UDP/TLS/RTP/SAVPF")
        }
        return description(local, tracks: tracks, media: media)
    }

    private static func description(
        _ local: LocalPeer, tracks: [NegotiatedTrack], media: [SessionDescription.Media]
    ) -> String {
        let group = "group:BUNDLE \(tracks.map(\.mid).joined(separator: " "))"
        return SessionDescription(
            sessionID: local.sessionID, attributes: [group] + local.sessionLines, media: media
        ).text
    }

    /// What the answer to such an offer says: the peer's fingerprints, and the kinds of media that it takes.
    struct Answer: Sendable {
        let fingerprints: [Fingerprint]
        let kinds: [MediaKind]
        var usernameFragment: String?
        var password: String?
        var dtlsRole: DTLSTransport.Role = .server
    }

    static func answer(_ text: String) throws(RelayError) -> Answer {
        guard let answer = try? SessionDescription(parsing: text) else {
            throw .invalidOffer(reason: "The SDP can't be read.")
        }
        let taken = answer.media.filter { $0.port != 0 && !$0.has("inactive") }
        let fingerprints = fingerprints(answer, in: taken.first { $0.value("fingerprint") != nil })
        guard !fingerprints.isEmpty else {
            throw .invalidOffer(reason: "The answer has no fingerprint by sha-256, sha-384 or sha-512.")
        }
        return Answer(
            fingerprints: fingerprints, kinds: taken.compactMap { MediaKind(rawValue: $0.kind) },
            usernameFragment: taken.lazy.compactMap { answer.value("ice-ufrag", in: $0) }.first,
            password: taken.lazy.compactMap { answer.value("ice-pwd", in: $0) }.first)
    }
}
