import Wire

/// Decides what becomes of each section of an offer: one picture and one sound are taken, in the direction in which media
/// flow here, in a codec that is forwarded (of an uplink) or played (by a viewer).
struct TrackSelector {
    /// The codecs that a viewer is to be sent; nil for an uplink.
    let wanted: [MediaKind: Codec]?

    private var isViewer: Bool { wanted != nil }

    /// One for each section, and the tracks that come of them.
    func verdicts(on sections: [OfferedSection]) -> ([Negotiation.Verdict], [NegotiatedTrack]) {
        var (verdicts, tracks): ([Negotiation.Verdict], [NegotiatedTrack]) = ([], [])
        for section in sections {
            let verdict = verdict(on: section, taken: tracks)
            if case .accepted(let track) = verdict { tracks.append(track) }
            verdicts.append(verdict)
        }
        return (verdicts, tracks)
    }

    /// `taken`: the tracks of the sections before.
    private func verdict(on section: OfferedSection, taken: [NegotiatedTrack]) -> Negotiation.Verdict {
        guard section.isOffered, section.isRTP, let kind = section.kind,
            let choice = choice(in: section, kind)
        else { return .refused }
        let track = track(section, kind, choice)
        guard flows(section), !taken.contains(where: { $0.kind == kind }), isSent(kind) else { return .inactive(track) }
        return .accepted(track)
    }

    /// Refuses an offer that would go live, or be played, without the picture that it is about.
    func checkWhole(_ sections: [OfferedSection], _ tracks: [NegotiatedTrack]) throws(RelayError) {
        let hopeful = sections.filter { $0.isOffered && flows($0) && $0.kind.map(isSent) == true }
        let pictures = hopeful.filter { $0.kind == .video }
        if let picture = pictures.first, !tracks.contains(where: { $0.kind == .video }) {
            try refuse(picture, pictures)
        }
        guard tracks.isEmpty else { return }
        guard let first = hopeful.first else {
            let way = isViewer ? "receive" : "send"
            let reason = "No section wants to \(way) a picture or sound\(isViewer ? " that this show has" : "")."
            throw .invalidOffer(section: sections.count == 1 ? sections.first?.name : nil, reason: reason)
        }
        try refuse(first, hopeful)
    }

    private func refuse(_ first: OfferedSection, _ sections: [OfferedSection]) throws(RelayError) {
        if let other = sections.first(where: { !$0.isRTP }) {
            throw .invalidOffer(
                section: other.name,
                reason: "Its transport is \(Self.clean(other.media.protocol)), not UDP/TLS/RTP/SAVPF.")
        }
        let taken = first.kind.flatMap { wanted?[$0]?.summary }
        throw .noCommonCodec(
            section: first.name, offered: sections.map(\.offered).joined(separator: ", "),
            taken: taken.map { "\($0), which is what this show has" } ?? Codec.forwarded)
    }

    private static func clean(_ text: String) -> String {
        String(text.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "/") }.prefix(40))
    }

    /// Whether media flow in the direction in which they do here.
    private func flows(_ section: OfferedSection) -> Bool {
        isViewer ? section.direction.receives : section.direction.sends
    }

    private func isSent(_ kind: MediaKind) -> Bool { wanted.map { $0[kind] != nil } ?? true }

    private func choice(in section: OfferedSection, _ kind: MediaKind) -> (payloadType: UInt8, codec: Codec)? {
        let codecs = section.codecs.filter { $0.codec.isForwarded(as: kind) }
        guard let wanted = wanted?[kind] else { return codecs.first }
        let matches = codecs.compactMap { offered in wanted.match(offered.codec).map { (offered, $0) } }
        guard let best = matches.map(\.1).max() else { return nil }
        return matches.first { $0.1 == best }?.0
    }

    /// Who sends numbers every packet with it. The relay does where what is lost is sent in packets of its own: a packet
    /// that is sent again as it was must not have another number, since both would be sealed alike (RFC 7714, section 8).
    private func transportExtension(in section: OfferedSection, of track: NegotiatedTrack) -> UInt8? {
        guard isViewer else { return section.extensionID(Negotiation.transportExtensionURI) }
        guard track.kind == .video, track.repairPayloadType != nil else { return nil }
        return section.receivedExtensionID(Negotiation.transportExtensionURI)
    }

    private func track(
        _ section: OfferedSection, _ kind: MediaKind, _ choice: (payloadType: UInt8, codec: Codec)
    ) -> NegotiatedTrack {
        var track = NegotiatedTrack(
            section: section.index, mid: section.mid, kind: kind, codec: choice.codec, payloadType: choice.payloadType)
        track.repairPayloadType = section.repairPayloadType(of: choice.payloadType)
        track.feedback = section.feedback(for: choice.payloadType)
        track.takesReducedSize = section.media.has("rtcp-rsize")
        track.transportExtension = transportExtension(in: section, of: track)
        guard !isViewer else { return track }
        track.rids = section.layers
        if !track.rids.isEmpty {
            track.midExtension = section.extensionID(Negotiation.midExtensionURI)
            track.ridExtension = section.extensionID(Negotiation.ridExtensionURI)
            track.repairedRidExtension = section.extensionID(Negotiation.repairedRidExtensionURI)
        }
        return track
    }
}
