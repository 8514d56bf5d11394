import DTLS
import SRTP
package import Wire

/// One peer of the relay: who it is, and how far it has come. Where it is, the `PeerDirectory` knows; what every frame
/// needs of a viewer is in its `Downlink`.
final class RelayPeer {
    enum Role: String {
        case uplink, viewer
    }

    /// Each has only what it needs. The way through them is from the top to the bottom; any may be left for the last.
    enum Phase {
        /// The relay has offered, and has no answer yet.
        case offered(Offered)
        /// Both descriptions are there; no good check has come.
        case agreed(PeerTerms)
        /// It has proven where it is.
        case checked(PeerTerms)
        case handshaking(PeerTerms, DTLSTransport)
        case connected(PeerConnection)
        case left
    }

    struct Offered {
        let tracks: [NegotiatedTrack]
        /// Flights that were faster than the answer.
        fileprivate(set) var early: [[UInt8]] = []
        /// A good check was faster, too.
        fileprivate(set) var isReached = false

        init(tracks: [NegotiatedTrack]) { self.tracks = tracks }
    }

    private static let maximumEarlyFlights = 4

    let id: RelaySessionID
    /// For statistics that others may read.
    let number: Int
    let stream: StreamID
    let role: Role
    /// The number in the `o=` line of what the relay says.
    let sessionID: UInt64
    /// From the peer's own description: one connection keeps it.
    let remoteSessionID: UInt64?
    private(set) var phase: Phase
    /// What its offer said, by which it is known when it offers again; nil for whom the relay has offered to.
    let agreed: PeerTerms?
    var statistics = PeerStatistics()

    /// `phase`: `.agreed` for who has offered, `.offered` for whom the relay offers to.
    init(
        id: RelaySessionID, number: Int, stream: StreamID, role: Role, sessionID: UInt64, remoteSessionID: UInt64?,
        phase: Phase
    ) {
        self.id = id
        self.number = number
        self.stream = stream
        self.role = role
        self.sessionID = sessionID
        self.remoteSessionID = remoteSessionID
        self.phase = phase
        if case .agreed(let terms) = phase { agreed = terms } else { agreed = nil }
    }

    /// The relay has offered, and can offer anew.
    var isInvited: Bool { agreed == nil }

    // MARK: What it has

    /// Nil when it isn't connected.
    var connection: PeerConnection? {
        guard case .connected(let connection) = phase else { return nil }
        return connection
    }

    var receiver: UplinkReceiver? {
        guard case .connected(let connection) = phase, case .uplink(let receiver) = connection.work else { return nil }
        return receiver
    }

    var seat: ViewerSeat? {
        guard case .connected(let connection) = phase, case .viewer(let seat) = connection.work else { return nil }
        return seat
    }

    var terms: PeerTerms? {
        switch phase {
        case .agreed(let terms), .checked(let terms), .handshaking(let terms, _): terms
        case .offered, .connected, .left: nil
        }
    }

    /// A handshake that is under way, or whose last flight may be asked for again.
    var transport: DTLSTransport? {
        switch phase {
        case .handshaking(_, let transport): transport
        case .connected(let connection): connection.transport
        case .offered, .agreed, .checked, .left: nil
        }
    }

    // MARK: Its way

    /// Its answer has come, which makes what was offered the terms. The flights that were faster; nil when no answer was
    /// waited for.
    func agree(_ terms: ([NegotiatedTrack]) -> PeerTerms) -> [[UInt8]]? {
        guard case .offered(let offered) = phase else { return nil }
        let terms = terms(offered.tracks)
        phase = offered.isReached ? .checked(terms) : .agreed(terms)
        return offered.early
    }

    /// Its first good check has come.
    func reach() {
        switch phase {
        case .offered(var offered):
            offered.isReached = true
            phase = .offered(offered)
        case .agreed(let terms): phase = .checked(terms)
        case .checked, .handshaking, .connected, .left: break
        }
    }

    /// Keeps a flight that has come before the answer. False when it isn't waited for.
    func keepEarly(_ flight: [UInt8]) -> Bool {
        guard case .offered(var offered) = phase else { return false }
        if offered.early.count < Self.maximumEarlyFlights { offered.early.append(flight) }
        phase = .offered(offered)
        return true
    }

    /// The handshake that a flight of the peer is for; made with the first one. Nil when none can be meant.
    func handshake(_ make: (PeerTerms) -> DTLSTransport) -> DTLSTransport? {
        if case .checked(let terms) = phase { phase = .handshaking(terms, make(terms)) }
        return transport
    }

    /// The handshake is done.
    func connect(_ make: (PeerTerms, DTLSTransport) throws -> PeerConnection) rethrows {
        guard case .handshaking(let terms, let transport) = phase else { return }
        phase = .connected(try make(terms, transport))
    }

    /// Gives back the handshake, which is to be let go of.
    func leave() -> DTLSTransport? {
        defer { phase = .left }
        return transport
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
