import DTLS
import ICE
import SRTP
package import Wire

/// One peer of the relay: its ICE and DTLS, and what is seldom looked at. What every frame needs is in its `Downlink`.
final class RelayPeer {
    enum Role: String {
        case uplink, viewer
    }

    let id: RelaySessionID
    /// For statistics that others may read.
    let number: Int
    let stream: StreamID
    let role: Role
    var tracks: [NegotiatedTrack]
    let sessionID: UInt64
    private(set) var credentials: ICECredentials
    /// From before an ICE restart: good until the new ones are used (RFC 8445, section 2.4).
    private(set) var formerCredentials: ICECredentials?
    /// The peer's own name fragment, by which a restart is told from a repetition.
    var remoteFragment: String?
    /// From the peer's own description: one connection keeps it.
    var remoteSessionID: UInt64?
    /// Nil until the answer to the relay's offer has come.
    var remoteFingerprints: [Fingerprint]?
    /// The sources that its offer names.
    var announcedSources: [MediaKind: UInt32] = [:]
    /// While the handshake may still need it.
    var transport: DTLSTransport?
    /// Flights that came before the answer did.
    var early: [[UInt8]] = []
    /// Where its checks come from; it may change in the middle of a show.
    var endpoint: Endpoint?
    /// When it was taken, and when its keys were there.
    let since: MonotonicTime
    var connectedSince: MonotonicTime?
    /// When the last good connectivity check came (RFC 7675: consent).
    var lastHeard: MonotonicTime
    var control: SRTCPSession?
    /// An uplink's own.
    var uplink: UplinkReceiver?
    /// A viewer's place in its show's table.
    var position: Int?
    var statistics = PeerStatistics()
    /// Bounds what its requests cost.
    var repairsThisSecond = 0

    init(
        id: RelaySessionID, number: Int, stream: StreamID, role: Role, tracks: [NegotiatedTrack],
        credentials: ICECredentials,
        sessionID: UInt64, now: MonotonicTime
    ) {
        self.id = id
        self.number = number
        self.stream = stream
        self.role = role
        self.tracks = tracks
        self.credentials = credentials
        self.sessionID = sessionID
        since = now
        lastHeard = now
    }

    /// Its checks are to use these from now on (RFC 8445, section 2.4).
    func restart(with credentials: ICECredentials) {
        formerCredentials = self.credentials
        self.credentials = credentials
    }

    func password(for fragment: String) -> String? {
        if fragment == credentials.usernameFragment { return credentials.password }
        return fragment == formerCredentials?.usernameFragment ? formerCredentials?.password : nil
    }

    /// Gives back the former fragment when this check shows that it is done with.
    func settleRestart(usedFragment: String) -> String? {
        guard let former = formerCredentials, usedFragment == credentials.usernameFragment else { return nil }
        formerCredentials = nil
        return former.usernameFragment
    }
}

/// Names one peer's session with the relay.
package typealias RelaySessionID = Identifier<RelayError>

extension RelaySessionID {
    /// A new name that says which of the workers has the session.
    init(worker: Int, of workers: Int, using generator: inout some RandomNumberGenerator) {
        repeat { self.init(using: &generator) } while sum % UInt(workers) != UInt(worker)
    }

    /// Which of the workers has the session, if any.
    func worker(of workers: Int) -> Int { Int(sum % UInt(workers)) }
}

extension Identifier {
    /// The same in each run of the program.
    var sum: UInt { text.utf8.reduce(UInt(5_381)) { $0 &* 33 &+ UInt($1) } }
}

/// What is counted of one peer.
struct PeerStatistics {
    /// Asked for by the viewer, and what was sent for it.
    var nackedPackets: UInt64 = 0
    var repairedPackets: UInt64 = 0
    var keyFrameRequests: UInt64 = 0
    /// Datagrams that were no packets of its own: forged, repeated, cut off, of an unknown source.
    var refused: UInt64 = 0
    /// As its last report says: of 256, and in milliseconds.
    var fractionLost: UInt8 = 0
    var roundTripMS: Double?
}
