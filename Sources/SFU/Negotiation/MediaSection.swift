import ICE
import Wire

/// The synchronisation sources of one track as viewers see them.
struct MediaSources: Equatable, Sendable {
    let media: UInt32
    let repair: UInt32
}

/// One section of an SDP that the relay writes.
struct MediaSection {
    enum Direction: String { case sendonly, recvonly }
    enum Setup: String { case passive, actpass }

    let track: NegotiatedTrack
    let direction: Direction
    let setup: Setup
    /// Of what the relay sends.
    let sources: MediaSources?

    func media(_ local: LocalPeer, protocol: String) -> SessionDescription.Media {
        SessionDescription.Media(
            kind: track.kind.rawValue, port: 9, protocol: `protocol`,
            formats: ([track.payloadType] + [repairPayloadType].compactMap { $0 }).map(String.init),
            attributes: transport(local) + codec + feedback + (direction == .sendonly ? source : [])
                + local.candidateLines)
    }

    private var repairPayloadType: UInt8? { direction == .sendonly ? track.repairPayloadType : nil }

    private func transport(_ local: LocalPeer) -> [String] {
        [
            "mid:\(track.mid)", "ice-ufrag:\(local.credentials.usernameFragment)",
            "ice-pwd:\(local.credentials.password)", "fingerprint:\(local.fingerprint)",
            "setup:\(setup.rawValue)", "rtcp-mux", "rtcp-rsize", direction.rawValue,
        ]
    }

    private var codec: [String] {
        var lines = ["rtpmap:\(track.payloadType) \(track.codec.name)"]
        if let parameters = track.codec.parameters { lines.append("fmtp:\(track.payloadType) \(parameters)") }
        if let repairPayloadType {
            lines += [
                "rtpmap:\(repairPayloadType) rtx/\(track.codec.clockRate)",
                "fmtp:\(repairPayloadType) apt=\(track.payloadType)",
            ]
        }
        return lines
    }

    /// RFC 4585, section 4.2. Only an uplink has an encoder that could adapt to transport-wide feedback.
    private var feedback: [String] {
        var kinds: [String] = track.kind == .video ? ["nack", "nack pli", "ccm fir"] : []
        var lines: [String] = []
        if direction == .recvonly, let id = track.transportExtension {
            kinds.append("transport-cc")
            lines.append("extmap:\(id) \(Negotiation.transportExtensionURI)")
        }
        return lines + kinds.map { "rtcp-fb:\(track.payloadType) \($0)" }
    }

    /// RFC 5576; sound and picture share a stream name and a CNAME, so that a player keeps them together.
    private var source: [String] {
        var lines = ["msid:vitrine \(track.kind.rawValue)"]
        guard let sources else { return lines }
        var numbers = [sources.media]
        if repairPayloadType != nil {
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
