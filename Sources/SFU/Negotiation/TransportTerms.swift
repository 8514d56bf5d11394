import DTLS
import Wire

/// How a peer's one transport is reached and secured, as its description says: ICE (RFC 8839), the certificate
/// (RFC 8122), and who begins the handshake (RFC 8842).
struct TransportTerms: Sendable {
    let usernameFragment: String
    let password: String
    let fingerprints: [Fingerprint]
    let role: DTLSTransport.Role

    /// `accepted`: the sections that are taken; `tagged`: the one whose transport the offered bundle is to use. A section
    /// that is bundled may leave out what the tagged one says (RFC 9143, section 7.1.3).
    init(
        of description: SessionDescription, accepted: [OfferedSection], tagged: OfferedSection?
    ) throws(RelayError) {
        let sections = accepted + [tagged].compactMap { $0 }
        func value(_ name: String) -> String? {
            sections.lazy.compactMap { $0.media.value(name) }.first ?? description.value(name)
        }
        let name = accepted.first?.name
        // The two belong together: those of one section, or else the session's.
        let own = sections.first { $0.media.value("ice-ufrag") != nil }?.media
        guard let fragment = description.value("ice-ufrag", in: own),
            let password = description.value("ice-pwd", in: own)
        else {
            throw .invalidOffer(section: name, reason: "It has no ice-ufrag and ice-pwd (RFC 8839, section 5.4).")
        }
        guard (4...256).contains(fragment.utf8.count), (22...256).contains(password.utf8.count) else {
            throw .invalidOffer(
                section: name, reason: "ice-ufrag has 4 to 256 characters, ice-pwd 22 to 256 (RFC 8839, section 5.4).")
        }
        usernameFragment = fragment
        self.password = password
        fingerprints = Self.fingerprints(of: description, sections)
        guard !fingerprints.isEmpty else {
            throw .invalidOffer(
                section: name, reason: "It has no fingerprint of a certificate by sha-256, sha-384 or sha-512.")
        }
        switch value("setup")?.lowercased() {
        case nil, "actpass", "active": role = .server
        case "passive": role = .client
        case "holdconn":
            throw .invalidOffer(section: name, reason: "setup:holdconn means no connection: offer actpass.")
        default: throw .invalidOffer(section: name, reason: "Its setup is none of actpass, active and passive.")
        }
    }

    /// Each accepted section's own; the session's for those that have none. Some peers make a certificate a section, and
    /// only the handshake tells which they use.
    private static func fingerprints(
        of description: SessionDescription, _ sections: [OfferedSection]
    ) -> [Fingerprint] {
        var found: [Fingerprint] = []
        let ofSession = description.values("fingerprint").compactMap { Fingerprint($0) }
        for section in sections {
            let own = section.media.values("fingerprint").compactMap { Fingerprint($0) }
            for each in Fingerprint.strongest(own.isEmpty ? ofSession : own) where !found.contains(each) {
                found.append(each)
            }
        }
        return found
    }
}
