import Wire

/// Bounds what one address can make the relay sign: a peer sends a few checks a second, a flood is not answered.
///
/// Addresses share a fixed number of buckets, so that no flood can make it grow.
struct CheckLimiter {
    private static let buckets = 4_096
    private static let burst: Int64 = 60
    private static let perSecond: Int64 = 30
    private static let nanosecondsPerToken = 1_000_000_000 / perSecond

    /// When each bucket would be full again.
    private var full: [Int64] = Array(repeating: .min, count: buckets)
    private(set) var refused: UInt64 = 0

    mutating func allows(_ address: SocketAddress, at now: MonotonicTime) -> Bool {
        let bucket = Int(UInt(bitPattern: address.hashValue) % UInt(Self.buckets))
        let start = max(full[bucket], now.nanoseconds)
        guard start - now.nanoseconds < Self.burst * Self.nanosecondsPerToken else {
            refused += 1
            return false
        }
        full[bucket] = start + Self.nanosecondsPerToken
        return true
    }
}
