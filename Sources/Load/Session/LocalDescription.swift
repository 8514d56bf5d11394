import DTLS
import ICE
import Net
import Wire

/// What one of our media clients says of itself.
struct LocalDescription: Sendable {
    enum Setup: String, Sendable { case actpass, active }
    enum Direction: String, Sendable { case sendonly, recvonly }

    let credentials: ICECredentials
    let fingerprint: Fingerprint
    /// Where it is.
    var candidate: SocketAddress?
    var setup = Setup.actpass
    /// Leaves the checks to the other side (RFC 8445, section 2.5).
    var isLite = false

    /// It says when packets came, as browsers do.
    var givesFeedback = false

    static let transportExtensionURI =
        "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

    /// RFC 8445, section 5.1.2.1, for the only host candidate.
    private static let priority = 126 << 24 | 65_535 << 8 | 255

    /// An offer to play whatever the server has.
    var playOffer: String {
        text([
            media(.audio, mid: "0", [.opus], .recvonly, []),
            media(.video, mid: "1", OfferedCodec.playable, .recvonly, [], numbers: givesFeedback ? 3 : nil),
        ])
    }

    /// An offer to publish sound and picture with these sources.
    func publishOffer(video: OfferedCodec, _ sources: PublishedSources) -> String {
        let stream = "msid:vitrine-load"
        var lines = ["\(stream) video", "ssrc-group:FID \(sources.video) \(sources.repair)"]
        lines += [sources.video, sources.repair].map { "ssrc:\($0) cname:vitrine-load" }
        return text([
            media(
                .audio, mid: "0", [.opus], .sendonly,
                ["\(stream) audio", "ssrc:\(sources.audio) cname:vitrine-load"]),
            media(.video, mid: "1", [video], .sendonly, lines),
        ])
    }

    /// The same, at the address from which this server's media port is reached: it checks only what it is told.
    func moved(towards remote: RemoteDescription) -> Self {
        guard let server = remote.candidates.first(where: { $0.isIPv4 == candidate?.isIPv4 }),
            let local = MediaSocket.localAddress(towards: server), let candidate
        else { return self }
        var moved = self
        moved.candidate = local.with(port: candidate.port)
        return moved
    }

    /// An answer that takes all tracks of a server's offer.
    func answer(to offer: RemoteDescription) -> String {
        let sections = offer.description.media.map { offered -> SessionDescription.Media in
            let mid = offered.value("mid")
            guard let track = offer.tracks.first(where: { $0.mid == mid }) else {
                return .init(
                    kind: offered.kind, port: 0, protocol: offered.protocol, formats: [offered.formats[0]],
                    attributes: ["inactive"] + (mid.map { ["mid:\($0)"] } ?? []))
            }
            let codec = offered.codecs.first { $0.payloadType == track.payloadType }
            let taken = OfferedCodec(
                payloadType: track.payloadType, name: codec?.name ?? "", parameters: codec?.parameters,
                repairPayloadType: track.repairPayloadType)
            return media(
                track.kind, mid: track.mid, [taken], .recvonly, [],
                numbers: givesFeedback ? track.transportExtension : nil)
        }
        return text(sections)
    }

    private func text(_ media: [SessionDescription.Media]) -> String {
        let mids = media.filter { $0.port != 0 }.compactMap { $0.value("mid") }
        let lite = isLite ? ["ice-lite"] : []
        return SessionDescription(
            sessionID: 1, attributes: lite + ["group:BUNDLE \(mids.joined(separator: " "))", "msid-semantic: WMS *"],
            media: media
        ).text
    }

    private func media(
        _ kind: MediaTrack.Kind, mid: String, _ codecs: [OfferedCodec], _ direction: Direction, _ source: [String],
        numbers: UInt8? = nil
    ) -> SessionDescription.Media {
        var lines = [
            "mid:\(mid)", "ice-ufrag:\(credentials.usernameFragment)", "ice-pwd:\(credentials.password)",
            "fingerprint:\(fingerprint)", "setup:\(setup.rawValue)", "rtcp-mux", "rtcp-rsize",
            direction.rawValue,
        ]
        var formats: [UInt8] = []
        for codec in codecs {
            formats += [codec.payloadType] + [codec.repairPayloadType].compactMap { $0 }
            lines += Self.lines(codec, kind)
        }
        if let numbers {
            lines.append("extmap:\(numbers) \(Self.transportExtensionURI)")
            lines += codecs.map { "rtcp-fb:\($0.payloadType) transport-cc" }
        }
        lines += source
        if let candidate {
            lines += [
                "candidate:1 1 udp \(Self.priority) \(candidate.host) \(candidate.port) typ host", "end-of-candidates",
            ]
        }
        return .init(
            kind: kind.rawValue, port: 9, protocol: "UDP/TLS/RTP/SAVPF", formats: formats.map(String.init),
            attributes: lines)
    }

    private static func lines(_ codec: OfferedCodec, _ kind: MediaTrack.Kind) -> [String] {
        var lines = ["rtpmap:\(codec.payloadType) \(codec.name)"]
        if let parameters = codec.parameters { lines.append("fmtp:\(codec.payloadType) \(parameters)") }
        if kind == .video {
            lines += ["nack", "nack pli", "ccm fir"].map { "rtcp-fb:\(codec.payloadType) \($0)" }
        }
        if let repair = codec.repairPayloadType {
            lines += ["rtpmap:\(repair) rtx/90000", "fmtp:\(repair) apt=\(codec.payloadType)"]
        }
        return lines
    }
}
