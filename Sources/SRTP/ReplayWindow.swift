/// Which of the last 128 indices have come (RFC 3711, section 3.3.2).
struct ReplayWindow: Sendable {
    private static let size: UInt32 = 128

    private var newest: UInt32 = 0
    /// Bit n stands for the index n before the newest.
    private var seen: UInt128 = 0

    /// Whether a packet with this index is neither a repetition nor too old to tell.
    func admits(_ index: UInt32) -> Bool {
        guard index <= newest else { return true }
        let age = newest - index
        return age < Self.size && seen >> age & 1 == 0
    }

    /// Only for what has proved to be genuine: otherwise a forger could move the window.
    mutating func record(_ index: UInt32) {
        if index > newest {
            seen = seen << (index - newest) | 1
            newest = index
        } else {
            seen |= 1 << (newest - index)
        }
    }
}
