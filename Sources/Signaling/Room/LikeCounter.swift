internal import Wire

/// Likes on their way into the store. Each accepted one is in exactly one batch, and a batch that could not be stored
/// is tried again under the same name, so that it counts once whatever became of the first try.
struct LikeCounter: Sendable {
    private(set) var waiting = 0
    private(set) var inFlight: LikeBatch?
    private var failed: LikeBatch?
    /// Batches that have a client's own name, each for itself, so that what is sent again can be told.
    private var named: [LikeBatch] = []
    private var namedInFlight: Set<Identifier<LikeBatch>> = []

    var isSettled: Bool {
        waiting == 0 && inFlight == nil && failed == nil && named.isEmpty && namedInFlight.isEmpty
    }
    /// There is something to store that isn't being stored.
    var isReady: Bool { !named.isEmpty || isNextReady }

    private var isNextReady: Bool { inFlight == nil && (failed != nil || waiting > 0) }

    mutating func add(_ count: Int) { waiting += count }

    mutating func add(_ batch: LikeBatch) { named.append(batch) }

    /// The named batches that have come, to be stored now.
    mutating func takeNamed() -> [LikeBatch] {
        defer { named = [] }
        namedInFlight.formUnion(named.map(\.id))
        return named
    }

    /// Whether it was a named one, which its client sends again.
    mutating func dropNamed(_ id: Identifier<LikeBatch>) -> Bool { namedInFlight.remove(id) != nil }

    /// The next batch to store; nil when there is none or one is under way.
    mutating func nextBatch(atMS: Int64, using generator: inout some RandomNumberGenerator) -> LikeBatch? {
        guard isNextReady else { return nil }
        if let failed {
            inFlight = failed
            self.failed = nil
        } else {
            inFlight = LikeBatch(id: Identifier(using: &generator), count: waiting, atMS: atMS)
            waiting = 0
        }
        return inFlight
    }

    /// Whether it was waited for.
    mutating func didStore(_ id: Identifier<LikeBatch>) -> Bool {
        if namedInFlight.remove(id) != nil { return true }
        guard inFlight?.id == id else { return false }
        inFlight = nil
        return true
    }

    mutating func didNotStore() {
        failed = inFlight
        inFlight = nil
    }
}
