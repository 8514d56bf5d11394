/// Which packets of one source have come, by their sequence numbers (RFC 3550, appendix A.1): what is missing, what was
/// late, and what came twice. Its memory is fixed: what is missing for longer than its window is lost.
struct SequenceLedger {
    enum Outcome: Equatable, Sendable {
        case next
        /// Newer than the next one: those between are missing now.
        case ahead
        /// One that was missing.
        case late
        case duplicate
        /// So far from the one before that the source has begun anew.
        case restart
    }

    static let window: Int64 = 1_024
    /// RFC 3550, appendix A.1, has 3,000; beyond the window nothing can be told anyway.
    private static let maximumJump = 3_000

    private var came = InlineArray<16, UInt64>(repeating: 0)
    private var first: Int64 = 0
    private var highest: Int64 = -1
    /// Missing when they left the window.
    private var expired: UInt64 = 0
    private(set) var unique: UInt64 = 0
    private(set) var late: UInt64 = 0
    private(set) var duplicates: UInt64 = 0
    private(set) var restarts: UInt64 = 0

    init() {}

    var isEmpty: Bool { highest < 0 }

    /// The newest, counted on over the wraps of its 16 bits; what a loss is counted up to.
    var mark: Int64 { highest }

    /// For a receiver report (RFC 3550, section 6.4.1).
    var extendedHighest: UInt32 { UInt32(truncatingIfNeeded: highest) }

    mutating func receive(_ sequence: UInt16) -> Outcome {
        guard highest >= 0 else {
            begin(at: Int64(sequence) + 65_536)
            return .next
        }
        let ahead = Int64(Int16(bitPattern: sequence &- UInt16(truncatingIfNeeded: highest)))
        if ahead > 0 {
            guard ahead <= Self.maximumJump else { return restart(at: highest + ahead) }
            for _ in 1..<ahead { step() }
            step()
            set(highest)
            unique += 1
            return ahead == 1 ? .next : .ahead
        }
        let number = highest + ahead
        guard number > highest - Self.window, number >= first else {
            guard -ahead <= Self.maximumJump else { return restart(at: highest + ahead + 65_536) }
            duplicates += 1
            return .duplicate
        }
        return fill(number)
    }

    /// Notes one that came by another way, as a retransmission.
    mutating func repair(_ sequence: UInt16) -> Outcome {
        guard highest >= 0 else { return .duplicate }
        let ahead = Int64(Int16(bitPattern: sequence &- UInt16(truncatingIfNeeded: highest)))
        let number = highest + ahead
        guard ahead <= 0, number > highest - Self.window, number >= first else { return .duplicate }
        return fill(number)
    }

    private mutating func fill(_ number: Int64) -> Outcome {
        guard !has(number) else {
            duplicates += 1
            return .duplicate
        }
        set(number)
        unique += 1
        late += 1
        return .late
    }

    private mutating func begin(at number: Int64) {
        first = number
        highest = number
        came = InlineArray(repeating: 0)
        set(number)
        unique += 1
    }

    /// Nothing of before is missing any more, and nothing between is.
    private mutating func restart(at number: Int64) -> Outcome {
        expired += outstanding(through: highest)
        restarts += 1
        begin(at: number)
        return .restart
    }

    private mutating func step() {
        highest += 1
        let leaving = highest - Self.window
        if leaving >= first, !has(leaving) { expired += 1 }
        let (word, bit) = Self.place(highest)
        came[word] &= ~(1 << bit)
    }

    /// How many up to this mark never came; right for marks inside the window.
    func lost(through mark: Int64) -> UInt64 { expired + outstanding(through: mark) }

    private func outstanding(through mark: Int64) -> UInt64 {
        var missing: UInt64 = 0
        var number = max(first, highest - Self.window + 1)
        while number <= min(mark, highest) {
            if !has(number) { missing += 1 }
            number += 1
        }
        return missing
    }

    private func has(_ number: Int64) -> Bool {
        let (word, bit) = Self.place(number)
        return came[word] >> bit & 1 == 1
    }

    private mutating func set(_ number: Int64) {
        let (word, bit) = Self.place(number)
        came[word] |= 1 << bit
    }

    private static func place(_ number: Int64) -> (word: Int, bit: UInt64) {
        let slot = UInt64(bitPattern: number) & UInt64(window - 1)
        return (Int(slot >> 6), slot & 63)
    }
}
