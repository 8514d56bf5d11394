import Wire

/// What has been sent again to a viewer lately: the same packet not twice within a round trip, since the first may still
/// be on its way.
struct RepairLog {
    private static let capacity = 32
    private static let leastMS: Int64 = 20

    private var numbers = InlineArray<32, UInt32>(repeating: 0)
    private var times = InlineArray<32, Int64>(repeating: .min / 2)

    /// Whether this packet of this track may be sent again now; then it counts as sent.
    mutating func take(_ sequence: UInt16, _ kind: MediaKind, roundTripMS: Double?, at now: MonotonicTime) -> Bool {
        let name = UInt32(kind.number) << 16 | UInt32(sequence)
        let place = Int(sequence) % Self.capacity
        let wait = max(Int64(roundTripMS ?? 0), Self.leastMS) * 1_000_000
        if numbers[place] == name, now.nanoseconds - times[place] < wait { return false }
        numbers[place] = name
        times[place] = now.nanoseconds
        return true
    }
}
