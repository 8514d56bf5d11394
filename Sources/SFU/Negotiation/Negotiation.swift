import DTLS
import Wire

/// What a peer offered, as far as the relay uses it, and the relay's answer (RFC 8829, section 5.3): each section of the
/// offer is looked at once, and has its answer.
struct Negotiation: Sendable {
    static let transportExtensionURI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
    static let midExtensionURI = "urn:ietf:params:rtp-hdrext:sdes:mid"
    static let ridExtensionURI = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
    static let repairedRidExtensionURI = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"

    /// What is said to one section.
    enum Verdict: Sendable {
        case accepted(NegotiatedTrack)
        /// It stays, and nothing flows.
        case inactive(NegotiatedTrack)
        case refused
    }

    let offer: SessionDescription
    /// The accepted tracks: one video and one audio at most.
    let tracks: [NegotiatedTrack]
    private let transport: TransportTerms
    private let verdicts: [Verdict]
    /// The names of those that are bundled; empty for an offer without a bundle.
    private let bundled: [String]

    var fingerprints: [Fingerprint] { transport.fingerprints }
    var usernameFragment: String { transport.usernameFragment }
    var password: String { transport.password }
    /// The relay's in the handshake.
    var dtlsRole: DTLSTransport.Role { transport.role }

    /// `wanted`: the codecs that a viewer is to be sent, by kind; nil for an uplink, of which is taken what it prefers
    /// among those that the relay forwards.
    init(offer text: String, wanted: [MediaKind: Codec]? = nil) throws(RelayError) {
        let offer = try Self.parse(text)
        let group = Self.bundle(of: offer)
        let sections = offer.media.indices.map { OfferedSection($0, of: offer, bundle: group) }
        try Self.checkNames(sections)
        let selector = TrackSelector(wanted: wanted)
        let (verdicts, tracks) = selector.verdicts(on: sections)
        try selector.checkWhole(sections, tracks)
        let accepted = tracks.map { sections[$0.section] }
        try Self.checkBundle(accepted, group)
        transport = try TransportTerms(
            of: offer, accepted: Self.inBundleOrder(accepted, group),
            tagged: sections.first { $0.mid != nil && $0.mid == group.first })
        self.offer = offer
        self.tracks = tracks
        self.verdicts = verdicts
        // No more than was offered (RFC 9143, section 7.3).
        bundled = zip(sections, verdicts).compactMap { section, verdict in
            if case .refused = verdict { return nil }
            return section.mid.flatMap { group.contains($0) ? $0 : nil }
        }
    }

    private static func parse(_ text: String) throws(RelayError) -> SessionDescription {
        let description: SessionDescription
        do {
            description = try SessionDescription(parsing: text)
        } catch {
            switch error {
            case .malformed(let line): throw .invalidOffer(reason: "The SDP can't be read: line \(line) is none.")
            case .tooLarge: throw .invalidOffer(reason: "The SDP is longer than 64 KiB.")
            }
        }
        guard !description.media.isEmpty else { throw .invalidOffer(reason: "The SDP has no m= section.") }
        return description
    }

    /// The names in the offered bundle (RFC 9143, section 7.1), in its order: of several bundles that of the first
    /// picture. Names that no section has are passed over.
    private static func bundle(of description: SessionDescription) -> [String] {
        let mids = Set(description.media.compactMap { $0.value("mid") })
        let groups = description.values("group").filter { $0.hasPrefix("BUNDLE") }.map { line in
            line.split(whereSeparator: \.isWhitespace).dropFirst().map(String.init).filter(mids.contains)
        }
        let picture = description.media.first { $0.kind == "video" }?.value("mid")
        return groups.first { group in picture.map(group.contains) == true } ?? groups.first ?? []
    }

    private static func inBundleOrder(_ sections: [OfferedSection], _ group: [String]) -> [OfferedSection] {
        let named = group.compactMap { mid in sections.first { $0.mid == mid } }
        return named.isEmpty ? sections : named
    }

    /// RFC 5888, section 4: names are unique.
    private static func checkNames(_ sections: [OfferedSection]) throws(RelayError) {
        let mids = sections.compactMap(\.mid)
        for section in sections where mids.count(where: { $0 == section.mid }) > 1 {
            throw .invalidOffer(section: section.name, reason: "Another section has the same mid.")
        }
    }

    /// All of a session goes over one transport: an offer that has another for each section can't be taken.
    private static func checkBundle(_ accepted: [OfferedSection], _ group: [String]) throws(RelayError) {
        guard accepted.count > 1 else { return }
        if let stranger = accepted.first(where: { !group.isEmpty && !group.contains($0.mid ?? "") }) {
            throw .invalidOffer(
                section: stranger.name, reason: "It isn't in the BUNDLE group: the relay has one transport for all.")
        }
        let fragments = Set(accepted.compactMap { $0.media.value("ice-ufrag") })
        guard group.isEmpty, fragments.count > 1 else { return }
        throw .invalidOffer(
            reason: "Each section has a transport of its own: offer them in one BUNDLE group (max-bundle).")
    }

    /// The SSRC of each track's media, where the offer names it (RFC 5576); the first of a group is the original.
    var announcedSources: [MediaKind: UInt32] {
        var sources: [MediaKind: UInt32] = [:]
        for track in tracks where track.rids.isEmpty {
            let media = offer.media[track.section]
            let group = media.values("ssrc-group").first { $0.hasPrefix("FID ") }?.dropFirst(4)
            let line = group.map(String.init) ?? media.value("ssrc")
            sources[track.kind] = line?.split(separator: " ").first.flatMap { UInt32($0) }
        }
        return sources
    }

    /// The relay's answer, everything on one transport.
    func answer(_ local: LocalPeer, direction: MediaSection.Direction, sources: [MediaKind: MediaSources] = [:])
        -> String
    {
        let setup = dtlsRole == .client ? MediaSection.Setup.active : .passive
        let media = zip(offer.media, verdicts).map { offered, verdict -> SessionDescription.Media in
            switch verdict {
            case .accepted(let track):
                MediaSection(track: track, direction: direction, setup: setup, sources: sources[track.kind])
                    .media(local, protocol: offered.protocol)
            case .inactive(let track):
                MediaSection(track: track, direction: .inactive, setup: setup, sources: nil)
                    .media(local, protocol: offered.protocol)
            case .refused:
                .init(
                    kind: offered.kind, port: 0, protocol: offered.protocol, formats: [offered.formats[0]],
                    attributes: ["inactive"] + (offered.value("mid").map { ["mid:\($0)"] } ?? []))
            }
        }
        return Self.description(local, bundled: bundled, media: media)
    }

    /// An offer of the relay's own for these tracks.
    static func offer(
        _ tracks: [NegotiatedTrack], _ local: LocalPeer, sources: [MediaKind: MediaSources]
    ) -> String {
        let media = tracks.map { track in
            MediaSection(track: track, direction: .sendonly, setup: .actpass, sources: sources[track.kind])
                .media(local, protocol: "UDP/TLS/RTP/SAVPF")
        }
        return description(local, bundled: tracks.compactMap(\.mid), media: media)
    }

    private static func description(
        _ local: LocalPeer, bundled: [String], media: [SessionDescription.Media]
    ) -> String {
        let group = bundled.isEmpty ? [] : ["group:BUNDLE \(bundled.joined(separator: " "))"]
        return SessionDescription(
            sessionID: local.sessionID, attributes: group + local.sessionLines, media: media
        ).text
    }

    // MARK: Answers

    /// What the answer to the relay's offer says.
    struct Answer: Sendable {
        /// The sections that are taken, by their number: the payload types that the peer wants, the one it likes best
        /// first.
        let taken: [Int: [UInt8]]
        /// Those of them whose packets it wants numbered for transport-wide feedback.
        let numbered: Set<Int>
        let fingerprints: [Fingerprint]
        let usernameFragment: String
        let password: String
        let dtlsRole: DTLSTransport.Role

        /// Of what was offered, what the peer takes, in the form in which it takes it.
        func tracks(of offered: [NegotiatedTrack]) -> [NegotiatedTrack] {
            offered.enumerated().compactMap { number, track in
                guard let types = taken[number] else { return nil }
                var taken = track.taken(as: types)
                if !numbered.contains(number) || taken?.repairPayloadType == nil { taken?.transportExtension = nil }
                return taken
            }
        }
    }

    static func answer(_ text: String) throws(RelayError) -> Answer {
        let answer = try parse(text)
        let group = bundle(of: answer)
        let sections = answer.media.indices.map { OfferedSection($0, of: answer, bundle: group) }
        let taken = sections.filter { $0.media.port != 0 && $0.direction.receives }
        let stays = sections.filter { $0.media.port != 0 }
        let transport = try TransportTerms(
            of: answer, accepted: taken.isEmpty ? stays : taken,
            tagged: sections.first { $0.mid != nil && $0.mid == group.first })
        return Answer(
            taken: Dictionary(
                uniqueKeysWithValues: taken.map { ($0.index, $0.media.formats.compactMap { UInt8($0) }) }),
            numbered: Set(taken.filter { $0.receivedExtensionID(transportExtensionURI) != nil }.map(\.index)),
            fingerprints: transport.fingerprints, usernameFragment: transport.usernameFragment,
            password: transport.password, dtlsRole: transport.role)
    }
}

extension NegotiatedTrack {
    /// In the form that a peer has chosen by the payload types in its answer; nil when it has chosen none.
    fileprivate func taken(as types: [UInt8]) -> Self? {
        func repair(_ payloadType: UInt8?) -> UInt8? { payloadType.flatMap { types.contains($0) ? $0 : nil } }
        for type in types {
            if type == payloadType {
                var track = self
                track.repairPayloadType = repair(repairPayloadType)
                return track
            }
            if let alternative, type == alternative.payloadType {
                return NegotiatedTrack(
                    section: section, mid: mid, kind: kind, codec: alternative.codec, payloadType: type,
                    repairPayloadType: repair(alternative.repairPayloadType), transportExtension: transportExtension)
            }
        }
        return nil
    }
}
