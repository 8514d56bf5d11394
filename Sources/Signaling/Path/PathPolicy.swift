internal import Wire

/// Decides which way a viewer's picture takes. A pure function of what is known.
enum PathPolicy {
    enum Decision: Equatable {
        case take(Path, reason: String)
        case none(reason: String)
    }

    /// The first choice for a viewer of a show with this delivery.
    static func firstPath(_ delivery: Delivery) -> Decision {
        switch delivery.mode {
        case .auto, .direct: .take(.direct, reason: "first choice")
        case .relay: .none(reason: "This show is delivered by relay only, and this server has none.")
        }
    }
}
