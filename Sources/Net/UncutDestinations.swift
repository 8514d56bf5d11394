import CNet
import Wire

/// The destinations that take no messages for the kernel to cut (UDP_SEGMENT), such as those behind a path whose MTU is
/// under the packets' size: they are served by single datagrams for a while. What one of them refuses is its own
/// matter; only when several have refused, and nobody between has taken such a message, is it the kernel or the
/// interface that can't.
struct UncutDestinations {
    /// Enough that one network's few don't stand for all.
    static let destinationsThatSpeakForAll = 4
    /// Paths change, and so do interfaces.
    static let patienceMS: Int64 = 60_000
    private static let slots = 256

    /// A destination as the socket takes it.
    private struct Key: Equatable {
        var words: (UInt64, UInt64, UInt64, UInt32) = (0, 0, 0, 0)

        init(_ address: sockaddr_in6) {
            withUnsafeMutableBytes(of: &words) { target in
                withUnsafeBytes(of: address) { target.copyMemory(from: $0) }
            }
        }

        static func == (one: Self, other: Self) -> Bool { one.words == other.words }

        var slot: Int {
            let mixed = (words.0 ^ words.1 &* 31 ^ words.2 &* 961 ^ UInt64(words.3)) &* 0x9E37_79B9_7F4A_7C15
            return Int(mixed >> 56)
        }
    }

    private struct Entry {
        var key: Key
        var until: MonotonicTime
    }

    /// A place for each hash: a newcomer takes it from another, who then is learnt again by one refusal.
    private var entries = [Entry?](repeating: nil, count: slots)
    private var isOccupied = false
    private var lastUntil = MonotonicTime(nanoseconds: 0)
    private var refusedInARow = 0
    private var lastRefused: Key?
    private var isOffUntil: MonotonicTime?

    /// Whether there is anything to ask: a packet on its way out asks this alone while all is well.
    var isEmpty: Bool { !isOccupied && isOffUntil == nil }

    /// Nobody is sent messages to be cut.
    var isEverybody: Bool { isOffUntil != nil }

    /// To be called before a batch unless it is empty.
    mutating func forgetOld(at now: MonotonicTime) {
        if let until = isOffUntil, now >= until { isOffUntil = nil }
        guard isOccupied, now >= lastUntil else { return }
        isOccupied = false
        entries = [Entry?](repeating: nil, count: Self.slots)
    }

    func contains(_ address: sockaddr_in6, at now: MonotonicTime) -> Bool {
        if isEverybody { return true }
        guard isOccupied else { return false }
        let key = Key(address)
        guard let entry = entries[key.slot] else { return false }
        return entry.key == key && now < entry.until
    }

    /// A destination has refused a message to be cut, and has taken the same bytes as single datagrams.
    mutating func insert(_ address: sockaddr_in6, at now: MonotonicTime) {
        let key = Key(address)
        lastUntil = now.advanced(byMilliseconds: Self.patienceMS)
        entries[key.slot] = Entry(key: key, until: lastUntil)
        isOccupied = true
        if lastRefused != key { refusedInARow += 1 }
        lastRefused = key
        if refusedInARow >= Self.destinationsThatSpeakForAll {
            isOffUntil = lastUntil
            refusedInARow = 0
            lastRefused = nil
        }
    }

    /// Whether somebody's taking of such a message would be news.
    var isDoubted: Bool { refusedInARow > 0 }

    /// Somebody has taken a message to be cut: it isn't the kernel.
    mutating func clearDoubt() {
        refusedInARow = 0
        lastRefused = nil
    }
}
