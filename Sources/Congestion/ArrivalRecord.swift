import Wire

/// Which packets have been reported as received, so that each counts once however often it is reported.
struct ArrivalRecord {
    private static let span: UInt64 = 2_048

    private var received = InlineArray<32, UInt64>(repeating: 0)
    /// One behind the highest number that a report has covered; 0 before the first.
    private(set) var end: UInt64 = 0

    /// The number that sixteen bits stand for, nearest to what is being sent.
    static func number(_ sequence: UInt16, near next: UInt64) -> UInt64 {
        let distance = Int16(bitPattern: sequence &- UInt16(truncatingIfNeeded: next))
        return next &+ UInt64(bitPattern: Int64(distance))
    }

    /// A report covers this packet. How many have been covered for the first time by it, and whether it came, as was not
    /// known before.
    mutating func cover(_ number: UInt64, isReceived: Bool) -> (new: Int, isNews: Bool) {
        var new = 0
        if number >= end {
            new = end == 0 ? 1 : Int(min(number + 1 - end, Self.span))
            if end > 0 { for passed in number + 1 - UInt64(new)...number { set(passed, false) } }
            end = number + 1
        }
        guard isReceived, number + Self.span > end, !isSet(number) else { return (new, false) }
        set(number, true)
        return (new, true)
    }

    private func isSet(_ number: UInt64) -> Bool {
        received[Int(number / 64 % 32)] >> (number % 64) & 1 == 1
    }

    private mutating func set(_ number: UInt64, _ value: Bool) {
        let bit: UInt64 = 1 << (number % 64)
        let word = Int(number / 64 % 32)
        received[word] = value ? received[word] | bit : received[word] & ~bit
    }
}
