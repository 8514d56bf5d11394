import ICE
import Wire

/// What the relay knows of one peer's ICE: both sides' credentials, and where the peer has proven to be.
struct PeerResidence {
    /// A pair of candidates (RFC 8445, section 2.3): the relay's side of it is the same for all.
    struct Pair {
        let endpoint: Endpoint
        var lastCheck: MonotonicTime
    }

    /// A check of the relay's own that is under way.
    struct Probe {
        enum Purpose { case move, consent, roundTrip }

        let check: AddressCheck
        let endpoint: Endpoint
        let purpose: Purpose
        var sentAt: MonotonicTime
        var tries = 1

        /// So often is asked before the lack of an answer is one. A round trip is only measured where one check has one
        /// answer, so it is asked once, and waited for.
        var maximumTries: Int { purpose == .roundTrip ? 1 : 8 }
        var patienceMS: Int64 { purpose == .roundTrip ? 2_000 : 250 }
    }

    /// More at once is no network that people have.
    static let maximumPairs = 8

    private(set) var credentials: ICECredentials
    /// From before an ICE restart: good until the new ones are used (RFC 8445, section 2.4).
    private(set) var former: ICECredentials?
    /// The peer's own, as far as its description says.
    private(set) var remote: RemoteCredentials
    /// Proven by good checks; the oldest first.
    private(set) var pairs: [Pair] = []
    /// Where the peer is sent to.
    private(set) var selected: Endpoint?
    /// When the last good check came (RFC 7675: consent).
    private(set) var lastHeard: MonotonicTime
    var probe: Probe?

    init(_ credentials: ICECredentials, remote: RemoteCredentials, at now: MonotonicTime) {
        self.credentials = credentials
        self.remote = remote
        lastHeard = now
    }

    var fragments: [String] { [credentials.usernameFragment] + [former?.usernameFragment].compactMap { $0 } }

    func password(for fragment: String) -> String? {
        if fragment == credentials.usernameFragment { return credentials.password }
        return fragment == former?.usernameFragment ? former?.password : nil
    }

    mutating func learn(_ remote: RemoteCredentials) { self.remote = remote }

    /// Its checks are to use these from now on (RFC 8445, section 2.4). Gives back a fragment that is good no more.
    mutating func restart(with credentials: ICECredentials, remote: RemoteCredentials) -> String? {
        let forgotten = former?.usernameFragment
        former = self.credentials
        self.credentials = credentials
        self.remote = remote
        return forgotten
    }

    /// Gives back the former fragment when this check shows that it is done with.
    mutating func settleRestart(usedFragment: String) -> String? {
        guard let former, usedFragment == credentials.usernameFragment else { return nil }
        self.former = nil
        return former.usernameFragment
    }

    mutating func hear(_ endpoint: Endpoint, at now: MonotonicTime) {
        lastHeard = now
        if let number = pairs.firstIndex(where: { $0.endpoint == endpoint }) { pairs[number].lastCheck = now }
    }

    /// Adds a proven pair. Gives back one that has to make room for it.
    mutating func add(_ endpoint: Endpoint, at now: MonotonicTime) -> Endpoint? {
        pairs.append(Pair(endpoint: endpoint, lastCheck: now))
        guard pairs.count > Self.maximumPairs, let oldest = pairs.firstIndex(where: { $0.endpoint != selected }) else {
            return nil
        }
        return pairs.remove(at: oldest).endpoint
    }

    mutating func remove(_ endpoint: Endpoint) {
        pairs.removeAll { $0.endpoint == endpoint }
        if probe?.endpoint == endpoint { probe = nil }
        if selected == endpoint { selected = pairs.last?.endpoint }
    }

    mutating func select(_ endpoint: Endpoint) { selected = endpoint }
}

/// A peer's ICE credentials, as far as its description has them.
struct RemoteCredentials: Equatable, Sendable {
    /// By which a restart is told from a repetition.
    var usernameFragment: String?
    /// Without it the relay can't check where the peer is.
    var password: String?

    var whole: ICECredentials? {
        guard let usernameFragment, let password else { return nil }
        return ICECredentials(usernameFragment: usernameFragment, password: password)
    }
}
