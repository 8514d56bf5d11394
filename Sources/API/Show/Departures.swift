import Wire

/// Whose sockets went a moment ago, so that they may take their sessions up again.
struct Departures: Sendable {
    /// So long a session may be taken up again.
    static let patienceMS: Int64 = 120_000
    /// More would be memory for whoever comes and goes; the oldest are forgotten.
    private static let limit = 20_000

    private var times: [ClientID: Timestamp] = [:]
    /// The same in their order; some have come back since.
    private var order: [(client: ClientID, time: Timestamp)] = []

    mutating func note(_ client: ClientID, at now: Timestamp) {
        times[client] = now
        order.append((client, now))
        let old = order.prefix { now.milliseconds(since: $0.time) > Self.patienceMS }.count
        let surplus = max(old, order.count - Self.limit)
        guard surplus > 0 else { return }
        for departure in order.prefix(surplus) where times[departure.client] == departure.time {
            times[departure.client] = nil
        }
        order.removeFirst(surplus)
    }

    mutating func forget(_ client: ClientID) { times[client] = nil }

    func contains(_ client: ClientID, at now: Timestamp) -> Bool {
        times[client].map { now.milliseconds(since: $0) <= Self.patienceMS } ?? false
    }
}
