import ICE
import Wire

/// What a server's SDP says, as far as a media client needs it.
struct RemoteDescription: Sendable {
    let description: SessionDescription
    let credentials: ICECredentials
    /// Of its certificate.
    let fingerprint: Fingerprint
    /// Where it says that it is, by UDP.
    let candidates: [SocketAddress]
    /// It begins the DTLS handshake (RFC 4145: `active`).
    let isActive: Bool
    /// It only answers checks (RFC 8445, section 2.5).
    let isLite: Bool
    let tracks: [MediaTrack]

    private static let maximumCandidates = 4

    init(parsing text: String) throws(LoadFailure) {
        do {
            description = try SessionDescription(parsing: text)
        } catch {
            throw LoadFailure("the server's SDP can't be read")
        }
        let media = description.media.filter { $0.port != 0 && !$0.has("inactive") }
        guard let first = media.first else { throw LoadFailure("the server takes none of the codecs offered") }
        guard let fragment = description.value("ice-ufrag", in: first),
            let password = description.value("ice-pwd", in: first)
        else { throw LoadFailure("the server's SDP has no ICE credentials") }
        guard let fingerprint = Fingerprint(description.value("fingerprint", in: first) ?? "") else {
            throw LoadFailure("the server's SDP has no fingerprint of its certificate")
        }
        credentials = ICECredentials(usernameFragment: fragment, password: password)
        self.fingerprint = fingerprint
        isActive = description.value("setup", in: first) == "active"
        isLite = description.attributes.contains("ice-lite")
        var lines = description.media.flatMap { $0.values("candidate") }
        lines += description.attributes.filter { $0.hasPrefix("candidate:") }.map { String($0.dropFirst(10)) }
        candidates = Self.addresses(lines)
        tracks = media.compactMap(Self.track)
        guard !tracks.isEmpty else { throw LoadFailure("the server takes none of the codecs offered") }
    }

    /// RFC 8839, section 5.1: `foundation component transport priority address port typ …`.
    private static func addresses(_ lines: [String]) -> [SocketAddress] {
        var found: [SocketAddress] = []
        for line in lines {
            let words = line.split(separator: " ")
            guard words.count >= 8, words[1] == "1", words[2].lowercased() == "udp", let port = UInt16(words[5]),
                let address = SocketAddress(String(words[4]), port: port), !found.contains(address)
            else { continue }
            found.append(address)
        }
        return Array(found.prefix(maximumCandidates))
    }

    private static func track(_ media: SessionDescription.Media) -> MediaTrack? {
        guard let kind = MediaTrack.Kind(rawValue: media.kind), let mid = media.value("mid") else { return nil }
        let codecs = media.codecs
        guard let chosen = codecs.first(where: { isMedia($0.name, kind) }) else { return nil }
        let repair = codecs.first {
            $0.name.lowercased().hasPrefix("rtx/") && $0.parameters == "apt=\(chosen.payloadType)"
        }
        let encoding = chosen.name.prefix { $0 != "/" }.lowercased()
        let feedback = media.values("rtcp-fb")
        let numbers = media.values("extmap").first { $0.hasSuffix(LocalDescription.transportExtensionURI) }
        return MediaTrack(
            mid: mid, kind: kind, payloadType: chosen.payloadType, repairPayloadType: repair?.payloadType,
            codec: VideoCodec.allCases.first { $0.rawValue.lowercased() == encoding },
            takesNACK: feedback.contains { $0 == "\(chosen.payloadType) nack" || $0 == "* nack" },
            transportExtension: numbers.flatMap { UInt8($0.prefix { $0.isNumber }) })
    }

    private static func isMedia(_ name: String, _ kind: MediaTrack.Kind) -> Bool {
        let encoding = name.prefix { $0 != "/" }.lowercased()
        if kind == .audio { return encoding == "opus" }
        return VideoCodec.allCases.contains { $0.rawValue.lowercased() == encoding }
    }
}
