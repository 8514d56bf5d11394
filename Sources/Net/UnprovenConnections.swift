import Wire

/// Connections on which nobody we know has spoken yet. They have a deadline, and make room for others: the oldest first,
/// since an honest peer proves itself within a round trip.
struct UnprovenConnections {
    static let capacity = 1_024
    /// Of one address, or one /64 in IPv6: a large office behind one address still comes in.
    static let capacityPerNetwork = 64

    private struct Entry {
        let network: SocketAddress
        let deadline: MonotonicTime
        /// Neighbours by age; 0 for none.
        var older: UInt64
        var newer: UInt64
    }

    private var entries: [UInt64: Entry] = [:]
    private var byNetwork: [SocketAddress: [UInt64]] = [:]
    private var oldestID: UInt64 = 0
    private var newestID: UInt64 = 0

    var count: Int { entries.count }
    var oldest: UInt64? { oldestID == 0 ? nil : oldestID }
    var nextDeadline: MonotonicTime? { entries[oldestID]?.deadline }

    func oldest(of network: SocketAddress) -> UInt64? { byNetwork[network]?.first }

    /// Who has to go before one more of this network may come.
    func surplus(for network: SocketAddress) -> UInt64? {
        if let own = byNetwork[network], own.count >= Self.capacityPerNetwork { return own.first }
        return count >= Self.capacity ? oldest : nil
    }

    /// Whose time is over.
    func expired(at now: MonotonicTime) -> UInt64? {
        guard let deadline = nextDeadline, now >= deadline else { return nil }
        return oldest
    }

    /// To be called with deadlines that don't go back.
    mutating func insert(_ id: UInt64, of network: SocketAddress, until deadline: MonotonicTime) {
        entries[id] = Entry(network: network, deadline: deadline, older: newestID, newer: 0)
        if newestID == 0 { oldestID = id } else { entries[newestID]?.newer = id }
        newestID = id
        byNetwork[network, default: []].append(id)
    }

    mutating func remove(_ id: UInt64) {
        guard let entry = entries.removeValue(forKey: id) else { return }
        if entry.older == 0 { oldestID = entry.newer } else { entries[entry.older]?.newer = entry.newer }
        if entry.newer == 0 { newestID = entry.older } else { entries[entry.newer]?.older = entry.older }
        byNetwork[entry.network]?.removeAll { $0 == id }
        if byNetwork[entry.network]?.isEmpty == true { byNetwork[entry.network] = nil }
    }
}
