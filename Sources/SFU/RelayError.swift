/// Why the relay does not take a peer.
package enum RelayError: Error, Equatable {
    /// `section`: which one of the description's is wrong; nil when it is all of it.
    case invalidOffer(section: String? = nil, reason: String)
    /// Names what was offered, and what is taken.
    case noCommonCodec(section: String? = nil, offered: String, taken: String)
    /// Nobody publishes this stream now.
    case noUplink
    case unavailable(reason: String)

    /// What to tell the peer.
    package var explanation: String {
        switch self {
        case .invalidOffer(let section, let reason): (section.map { "Section \($0): " } ?? "") + reason
        case .noCommonCodec(let section, let offered, let taken):
            (section.map { "Section \($0): " } ?? "") + "No codec in common. Offered: \(offered). Taken: \(taken)."
        case .noUplink: "Nobody publishes this stream now."
        case .unavailable: "The relay can't take this now."
        }
    }
}
