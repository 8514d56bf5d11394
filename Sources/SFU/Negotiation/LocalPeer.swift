import ICE
import Wire

/// What the relay says of itself to one peer.
struct LocalPeer: Sendable {
    let id: RelaySessionID
    let credentials: ICECredentials
    /// Of its certificate.
    let fingerprint: Fingerprint
    let candidates: [Candidate]
    let sessionID: UInt64

    /// Lines that say where the relay is, and that there are no more of them.
    var candidateLines: [String] { candidates.map { "candidate:\($0)" } + ["end-of-candidates"] }

    /// How its checks are made.
    var transportLines: [String] {
        ["ice-ufrag:\(credentials.usernameFragment)", "ice-pwd:\(credentials.password)"] + candidateLines
    }

    var sessionLines: [String] { ["ice-lite", "msid-semantic: WMS *"] }
}

/// A host candidate of the relay (RFC 8839, section 5.1; RFC 6544, section 4.5).
struct Candidate: Equatable, Sendable, CustomStringConvertible {
    enum Transport: Sendable { case udp, tcpPassive }

    let address: SocketAddress
    let transport: Transport
    /// Among those of its transport: the first is liked best.
    let rank: Int

    /// RFC 8445, section 5.1.2.1; UDP before TCP, as RFC 6544, section 4.2, has it (direction preference 4 for passive).
    private var priority: UInt32 {
        let preference: UInt32 = transport == .udp ? 65_535 : 4 << 13 | 0x1FFF
        return (transport == .udp ? 126 : 90) << 24 | (preference - UInt32(rank)) << 8 | 255
    }

    var description: String {
        let number = rank + (transport == .udp ? 1 : 101)
        let head =
            "\(number) 1 \(transport == .udp ? "udp" : "tcp") \(priority) \(address.host) \(address.port) typ host"
        return transport == .udp ? head : head + " tcptype passive"
    }
}
