/// What makes a message's encryption its own, as 16 bytes in memory. Galois counter mode takes the first 12.
typealias InitializationVector = InlineArray<2, UInt64>

/// A session's salt, from which the initialization vector of each of its packets comes.
struct SessionSalt: Sendable {
    /// The salt's bytes from the left, as numbers; zeros behind it.
    private let high: UInt64
    private let low: UInt64

    /// Up to 16 bytes count.
    init(_ bytes: some Collection<UInt8>) {
        var words: (UInt64, UInt64) = (0, 0)
        for (position, byte) in bytes.prefix(16).enumerated() {
            let shifted = UInt64(byte) << UInt64(56 - 8 * (position % 8))
            if position < 8 { words.0 |= shifted } else { words.1 |= shifted }
        }
        (high, low) = words
    }

    /// RFC 3711, section 4.1.1: the SSRC in bytes 4 to 7, the 48-bit index in bytes 8 to 13, then the block counter.
    func counterModeVector(ssrc: UInt32, index: UInt64) -> InitializationVector {
        [(high ^ UInt64(ssrc)).bigEndian, (low ^ index << 16).bigEndian]
    }

    /// RFC 7714, sections 8.1 and 9.1: the SSRC in bytes 2 to 5, the 48-bit index in bytes 6 to 11.
    func galoisVector(ssrc: UInt32, index: UInt64) -> InitializationVector {
        [(high ^ (UInt64(ssrc) << 16 | index >> 32)).bigEndian, (low ^ index << 32).bigEndian]
    }
}
