internal import Wire

/// Who broadcasts from a studio's page. Any number of admins may have a show's studio open; at most one of them has the
/// place, by a press or by having had it a moment ago, and the others look on.
struct StudioPlace: Equatable, Sendable {
    private(set) var holder: ClientID?
    private(set) var admins: Set<ClientID> = []

    /// An admin has come. Who had the place that it takes, if somebody had.
    mutating func enter(_ admin: ClientID, wishing wish: PlaceWish) -> ClientID? {
        admins.insert(admin)
        switch wish {
        case .none: return nil
        case .ifFree:
            if holder == nil { holder = admin }
            return nil
        case .take: return take(admin)
        }
    }

    /// Gives the place to one of the admins. Who had it before, if it was another.
    mutating func take(_ admin: ClientID) -> ClientID? {
        guard admins.contains(admin), holder != admin else { return nil }
        defer { holder = admin }
        return holder
    }

    /// Nobody has the place from now on.
    mutating func vacate() { holder = nil }

    mutating func leave(_ admin: ClientID) {
        admins.remove(admin)
        if holder == admin { holder = nil }
    }
}

/// What an admin's page wants of the studio's place when it joins.
package enum PlaceWish: String, Codable, Sendable {
    /// To broadcast, whoever does so now.
    case take
    /// To go on broadcasting, unless somebody else has begun to.
    case ifFree = "if_free"
    /// To look on.
    case none
}
