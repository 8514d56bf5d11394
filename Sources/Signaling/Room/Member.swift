internal import Wire

/// One client in a room.
struct Member: Sendable {
    let role: ClientRole
    private(set) var name: String
    /// The shop has given it.
    private let isNameGiven: Bool
    var path: Path?
    /// What the relay can send it, as it has been told.
    var quality = ViewingQuality.good
    /// How large its page shows the picture; nil while it hasn't said.
    var viewSize: ViewSize?
    /// The relay has been asked to offer to it, and has not lost it since.
    var isInvited = false
    /// The relay keeps something for it, which must be dismissed in the end.
    var hasRelaySession = false
    /// Its direct picture has failed or stands still: whichever way shows a frame first wins (after RFC 8305).
    var isRacing = false
    /// The race is another try of the direct way, while the relay shows the picture.
    var isRetryingDirect = false
    /// Races that the relay has won.
    var lostRaces = 0
    /// When the direct way is tried again, or that try ends.
    var raceDeadline: Timestamp?
    var lastOffered: Timestamp?
    /// What an admin has last been told of who broadcasts.
    var placeTold: PlaceNews?
    var likes: TokenBucket
    var chat: TokenBucket
    var signaling: TokenBucket
    var errors: TokenBucket

    init(role: ClientRole, name: String?, isNameGiven: Bool, configuration: RoomConfiguration, at now: Timestamp) {
        self.role = role
        self.isNameGiven = isNameGiven
        self.name = Self.displayName(name, role: role)
        likes = TokenBucket(configuration.likes, at: now)
        chat = TokenBucket(configuration.chat, at: now)
        signaling = TokenBucket(configuration.signaling, at: now)
        errors = TokenBucket(configuration.errors, at: now)
    }

    /// A name that the shop has given stays.
    mutating func rename(to name: String?) {
        if !isNameGiven { self.name = Self.displayName(name, role: role) }
    }

    /// It is served by the relay, or is to be.
    var usesRelay: Bool { path == .relay || isRacing }

    private static let maximumNameLength = 40

    /// A name as others may see it, never empty. Only the host is called so.
    private static func displayName(_ name: String?, role: ClientRole) -> String {
        let visible = VisibleText.name(name ?? "", limit: maximumNameLength)
        switch role {
        case .admin: return visible.isEmpty ? hostName : visible
        case .customer:
            return visible.isEmpty || VisibleText.looksLike(visible, hostName) ? ChatMessage.anonymousName : visible
        }
    }

    private static let hostName = "Host"
}
