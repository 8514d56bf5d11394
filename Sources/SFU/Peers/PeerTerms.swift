import DTLS
import Wire

/// What a peer and the relay have agreed on by offer and answer.
struct PeerTerms: Sendable {
    let tracks: [NegotiatedTrack]
    /// Of the peer's certificate.
    let fingerprints: [Fingerprint]
    /// Who says hello: the relay where it is the client (RFC 8842, section 5).
    let role: DTLSTransport.Role
    /// The sources that the peer's offer names.
    var announcedSources: [MediaKind: UInt32] = [:]
}
