import Wire

/// When an uplink is asked for a key frame. It costs everybody bandwidth: at most one in half a second, however many want one.
/// But what was asked for and has not come, since the request was lost or the encoder is slow, is asked for again.
struct KeyFrameRequests {
    static let intervalMS: Int64 = 500
    private static let shortestRepetitionMS: Int64 = 200
    private static let longestRepetitionMS: Int64 = 1_000

    /// Nil when nobody needs one.
    private(set) var wantedSince: MonotonicTime?
    private var lastRequest: MonotonicTime?
    /// Requests since the last key frame.
    private var unanswered = 0

    /// Somebody needs one.
    mutating func want(at now: MonotonicTime) { wantedSince = wantedSince ?? now }

    /// One has begun to arrive.
    mutating func noteKeyFrame(at arrival: MonotonicTime) {
        if let wanted = wantedSince, arrival >= wanted { wantedSince = nil }
        guard let lastRequest, arrival >= lastRequest else { return }
        unanswered = 0
    }

    /// Another uplink has to be asked anew.
    mutating func forgetRequests() {
        lastRequest = nil
        unanswered = 0
    }

    /// When to ask; nil when nobody needs one. `roundTripMS`: so long an answer takes at least.
    func due(roundTripMS: Int64) -> MonotonicTime? {
        guard let wantedSince else { return nil }
        guard let lastRequest else { return wantedSince }
        guard unanswered > 0 else { return lastRequest.advanced(byMilliseconds: Self.intervalMS) }
        let patience = max(2 * roundTripMS, Self.shortestRepetitionMS) << Int64(min(unanswered, 4) - 1)
        return lastRequest.advanced(byMilliseconds: min(patience, Self.longestRepetitionMS))
    }

    /// It is asked for now.
    mutating func didRequest(at now: MonotonicTime) {
        lastRequest = now
        unanswered += 1
    }
}
