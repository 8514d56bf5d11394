import Wire

/// The first moments of a viewer of whose link nothing is known: beyond the key frame it is sent short trains, from which
/// its first report tells what the link carries, and not all that it has missed at once.
struct LinkBeginning {
    /// As many as tell a rate.
    private static let trainPackets: UInt64 = 12
    private static let pauseMS: Int64 = 60
    /// Who hasn't reported by then won't.
    private static let patienceMS: Int64 = 300
    /// While nothing is known.
    static let mostRepairs = 32

    private var began: MonotonicTime?
    private var nextTrain: MonotonicTime?

    func isUnderWay(at now: MonotonicTime) -> Bool {
        began.map { now.milliseconds(since: $0) < Self.patienceMS } ?? false
    }

    /// How many packets may go now; nil: as many as usual.
    mutating func packets(at now: MonotonicTime) -> UInt64? {
        began = began ?? now
        guard isUnderWay(at: now) else { return nil }
        if let nextTrain, now < nextTrain { return 0 }
        nextTrain = now.advanced(byMilliseconds: Self.pauseMS)
        return Self.trainPackets
    }
}
