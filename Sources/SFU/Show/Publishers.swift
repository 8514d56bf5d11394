/// Who publishes a stream: one whose media are shown, and at most one more who takes over as soon as his media come. So
/// an offer that never connects does no harm (make before break).
struct Publishers<Peer: AnyObject> {
    /// What it means that somebody has gone.
    enum Departure {
        /// Another one is shown, or somebody unknown has gone.
        case unnoticed
        /// Who was to take over has done so.
        case succeeded(by: Peer)
        /// Nobody publishes any more.
        case ended
    }

    private(set) var current: Peer
    private(set) var successor: Peer?
    /// The present one's media have come.
    private(set) var isFlowing = false

    init(_ first: Peer) { current = first }

    /// Whether this one's media are the stream's, and have come before.
    func isShowing(_ peer: Peer) -> Bool { isFlowing && peer === current }

    /// Another one has offered. Who is not needed any more: a successor who was not fast enough, or the present one if
    /// nothing has ever come from it. `isCurrent` says whether the new one is shown from now on.
    mutating func offer(_ peer: Peer) -> (displaced: Peer?, isCurrent: Bool) {
        guard isFlowing else {
            defer { current = peer }
            return (current, true)
        }
        defer { successor = peer }
        return (successor, false)
    }

    /// Media of this peer have come. The one whose place it takes, if it takes one; `isShown` says whether its media are
    /// the stream's.
    mutating func receiveMedia(of peer: Peer) -> (former: Peer?, isShown: Bool) {
        if peer === current {
            isFlowing = true
            return (nil, true)
        }
        guard peer === successor else { return (nil, false) }
        defer {
            current = peer
            successor = nil
            isFlowing = true
        }
        return (current, true)
    }

    mutating func leave(_ peer: Peer) -> Departure {
        if peer === successor {
            successor = nil
            return .unnoticed
        }
        guard peer === current else { return .unnoticed }
        guard let next = successor else { return .ended }
        current = next
        successor = nil
        isFlowing = false
        return .succeeded(by: next)
    }
}
