import ICE
import Wire

/// The synchronisation sources of one track as viewers see them.
struct MediaSources: Equatable, Sendable {
    let media: UInt32
    let repair: UInt32
}

/// One section of an SDP that the relay writes.
struct MediaSection {
    enum Direction: String { case sendonly, recvonly, inactive }
    enum Setup: String { case active, passive, actpass }

    /// What of RTCP the relay speaks (RFC 4585, section 4.2; RFC 5104). Sound is asked for again, too, by
    /// whoever does that.
    private static let videoFeedback = ["nack", "nack pli", "ccm fir"]
    private static let audioFeedback = ["nack"]
    private static let transportFeedback = "transport-cc"

    let track: NegotiatedTrack
    let direction: Direction
    let setup: Setup
    /// Of what the relay sends.
    let sources: MediaSources?

    func media(_ local: LocalPeer, protocol: String) -> SessionDescription.Media {
        SessionDescription.Media(
            kind: track.kind.rawValue, port: 9, protocol: `protocol`, formats: formats,
            attributes: transport(local) + codecs + extensions + feedback + layers
                + (direction == .sendonly ? source : []) + local.candidateLines)
    }

    private var formats: [String] {
        var types = [track.payloadType] + [track.repairPayloadType].compactMap { $0 }
        if let alternative = track.alternative { types += [alternative.payloadType, alternative.repairPayloadType] }
        return types.map(String.init)
    }

    private func transport(_ local: LocalPeer) -> [String] {
        var lines = track.mid.map { ["mid:\($0)"] } ?? []
        lines += [
            "ice-ufrag:\(local.credentials.usernameFragment)", "ice-pwd:\(local.credentials.password)",
            "fingerprint:\(local.fingerprint)", "setup:\(setup.rawValue)", "rtcp-mux",
        ]
        if setup == .actpass || track.takesReducedSize { lines.append("rtcp-rsize") }
        return lines + [direction.rawValue]
    }

    private var codecs: [String] {
        var lines = Self.lines(track.codec, track.payloadType, track.repairPayloadType)
        if let alternative = track.alternative {
            lines += Self.lines(alternative.codec, alternative.payloadType, alternative.repairPayloadType)
        }
        return lines
    }

    private static func lines(_ codec: Codec, _ payloadType: UInt8, _ repairPayloadType: UInt8?) -> [String] {
        var lines = ["rtpmap:\(payloadType) \(codec.name)"]
        if let parameters = codec.parameters { lines.append("fmtp:\(payloadType) \(parameters)") }
        if let repairPayloadType {
            lines += [
                "rtpmap:\(repairPayloadType) rtx/\(codec.clockRate)", "fmtp:\(repairPayloadType) apt=\(payloadType)",
            ]
        }
        return lines
    }

    private var extensions: [String] {
        guard direction != .inactive else { return [] }
        return [
            (track.transportExtension, Negotiation.transportExtensionURI),
            (track.midExtension, Negotiation.midExtensionURI), (track.ridExtension, Negotiation.ridExtensionURI),
            (track.repairedRidExtension, Negotiation.repairedRidExtensionURI),
        ].compactMap { id, uri in id.map { "extmap:\($0) \(uri)" } }
    }

    /// In an answer only what was offered (RFC 4585, section 4.2).
    private var feedback: [String] {
        guard direction != .inactive else { return [] }
        var kinds = track.kind == .video ? Self.videoFeedback : direction == .sendonly ? Self.audioFeedback : []
        if track.transportExtension != nil { kinds.append(Self.transportFeedback) }
        if setup != .actpass { kinds = kinds.filter(track.feedback.contains) }
        let types = [track.payloadType] + [track.alternative?.payloadType].compactMap { $0 }
        return types.flatMap { type in kinds.map { "rtcp-fb:\(type) \($0)" } }
    }

    /// All layers are taken, since encoders stop when one is not (RFC 8853, section 5.3); one of them is forwarded.
    private var layers: [String] {
        guard direction == .recvonly, !track.rids.isEmpty else { return [] }
        return track.rids.map { "rid:\($0) recv" } + ["simulcast:recv \(track.rids.joined(separator: ";"))"]
    }

    /// RFC 5576; sound and picture share a stream name and a CNAME, so that a player keeps them together.
    private var source: [String] {
        var lines = ["msid:vitrine \(track.kind.rawValue)"]
        guard let sources else { return lines }
        var numbers = [sources.media]
        if track.repairPayloadType != nil {
            lines.append("ssrc-group:FID \(sources.media) \(sources.repair)")
            numbers.append(sources.repair)
        }
        return lines + numbers.map { "ssrc:\($0) cname:\(RelayName.canonical)" }
    }
}

/// The relay's name in RTCP and SDP (RFC 3550, section 6.5.1).
enum RelayName {
    static let canonical = "vitrine"
}
