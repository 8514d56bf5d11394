import DTLS
import ICE
package import Wire

/// One peer of the relay: its ICE and DTLS, and once those stand its SRTP.
final class RelayPeer {
    enum Role {
        case uplink, viewer
    }

    let id: RelaySessionID
    let stream: StreamID
    let role: Role
    let tracks: [Negotiation.Track]
    let credentials: ICECredentials
    /// Nil until the peer's fingerprint is known: the relay offered, and the answer hasn't come.
    var transport: DTLSTransport?
    /// Where its checks come from; it may change in the middle of a show.
    var address: SocketAddress?
    /// A first flight that came before the answer did.
    var early: (datagram: [UInt8], source: SocketAddress)?
    var inbound: SRTPSession?
    var outbound: SRTPSession?
    /// When the last good connectivity check came (RFC 7675: consent), in milliseconds.
    var lastHeard: Int64

    init(
        id: RelaySessionID, stream: StreamID, role: Role, tracks: [Negotiation.Track], credentials: ICECredentials,
        transport: DTLSTransport?, now: Int64
    ) {
        self.id = id
        self.stream = stream
        self.role = role
        self.tracks = tracks
        self.credentials = credentials
        self.transport = transport
        lastHeard = now
    }

    /// The payload type that this peer uses for a kind of track.
    func payloadType(of kind: String) -> UInt8? { tracks.first { $0.kind == kind }?.payloadType }
}

/// Names one peer's session with the relay.
package typealias RelaySessionID = Identifier<RelayError>
