internal import Wire

/// Likes on their way into the store. Each accepted one is in exactly one batch, and a batch that could not be stored
/// is tried again under the same name, so that it counts once whatever became of the first try.
struct LikeCounter: Sendable {
    private(set) var waiting = 0
    private(set) var inFlight: LikeBatch?
    private var failed: LikeBatch?

    var isSettled: Bool { waiting == 0 && inFlight == nil && failed == nil }
    /// There is something to store, and nothing being stored.
    var isReady: Bool { inFlight == nil && (failed != nil || waiting > 0) }

    mutating func add() { waiting += 1 }

    /// The next batch to store; nil when there is none or one is under way.
    mutating func nextBatch(atMS: Int64, using generator: inout some RandomNumberGenerator) -> LikeBatch? {
        guard isReady else { return nil }
        if let failed {
            inFlight = failed
            self.failed = nil
        } else {
            inFlight = LikeBatch(id: Identifier(using: &generator), count: waiting, atMS: atMS)
            waiting = 0
        }
        return inFlight
    }

    mutating func didStore() { inFlight = nil }

    mutating func didNotStore() {
        failed = inFlight
        inFlight = nil
    }
}
