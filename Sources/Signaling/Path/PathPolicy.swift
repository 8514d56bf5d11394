internal import Wire

/// Decides which way a viewer's picture takes. A pure function of what is known.
enum PathPolicy {
    /// What is known when a viewer needs a path.
    struct Situation {
        var delivery: Delivery
        /// How many others are served directly.
        var directViewers: Int
        var relayIsAvailable: Bool
        /// The picture comes from an encoder: there is no page that could offer directly.
        var hasEncoder: Bool
    }

    enum Decision: Equatable {
        case take(Path, reason: String)
        case none(reason: String)
    }

    /// The first choice for a viewer.
    static func firstPath(_ situation: Situation) -> Decision {
        let delivery = situation.delivery
        if situation.hasEncoder { return .take(.relay, reason: "from an encoder") }
        switch delivery.mode {
        case .direct: return .take(.direct, reason: "direct only")
        case .relay where situation.relayIsAvailable: return .take(.relay, reason: "relay only")
        case .relay: return .none(reason: "This show is delivered by relay only, and this server has none.")
        case .auto where situation.relayIsAvailable && situation.directViewers >= delivery.maxDirectViewers:
            return .take(.relay, reason: "the admin's uplink is full")
        case .auto: return .take(.direct, reason: "first choice")
        }
    }

    /// The path to take when this one has failed or stands still; nil to try the same once more.
    static func fallback(from path: Path, _ situation: Situation) -> Path? {
        path == .direct && situation.delivery.mode == .auto && situation.relayIsAvailable ? .relay : nil
    }

    private static let maximumLostRaces = 2

    /// Whether a viewer that the relay has won may be tried directly once more.
    static func triesDirectAgain(lostRaces: Int, _ situation: Situation) -> Bool {
        situation.delivery.mode == .auto && !situation.hasEncoder && lostRaces < maximumLostRaces
    }
}
