import Wire

/// Which frames a decoder could show, and when: whole ones in their order, and after a gap that isn't repaired nothing
/// before the next key frame.
struct PictureWatch {
    /// More can't be waited for.
    private static let window: Int64 = 256
    private static let patienceMS: Int64 = 1_000

    private var came = InlineArray<4, UInt64>(repeating: 0)
    private var ends = InlineArray<4, UInt64>(repeating: 0)
    private var highest: Int64 = -1
    /// What the decoder needs next; nil: a key frame.
    private var next: Int64?
    private var gapSince: MonotonicTime?
    var seconds = WatchedSeconds()

    /// Whether it matters which packet begins a key frame.
    var needsKeyFrame: Bool { next == nil || gapSince != nil }

    /// Each packet once, originals and what was sent again alike.
    mutating func receive(_ sequence: UInt16, endsFrame: Bool, beginsKeyFrame: Bool, at now: MonotonicTime) {
        let number = place(sequence)
        guard number > highest - Self.window else { return }
        set(number, endsFrame: endsFrame)
        if beginsKeyFrame, needsKeyFrame, number >= next ?? 0 { next = number }
        guard next != nil else { return }
        show(at: now)
        judge(at: now)
    }

    /// Numbers counted on over the wraps; the slots between are nobody's yet.
    private mutating func place(_ sequence: UInt16) -> Int64 {
        guard highest >= 0 else {
            highest = Int64(sequence) + 65_536
            return highest
        }
        let number = highest + Int64(Int16(bitPattern: sequence &- UInt16(truncatingIfNeeded: highest)))
        if number > highest + Self.window {
            (came, ends) = (InlineArray(repeating: 0), InlineArray(repeating: 0))
            highest = number
        }
        while highest < number {
            highest += 1
            clear(highest)
        }
        return number
    }

    private mutating func show(at now: MonotonicTime) {
        guard var number = next else { return }
        while number <= highest, has(came, number) {
            if has(ends, number) { seconds.frame(at: now) }
            number += 1
            gapSince = nil
        }
        next = number
    }

    private mutating func judge(at now: MonotonicTime) {
        guard let number = next, number <= highest else { return }
        let since = gapSince ?? now
        gapSince = since
        guard now.milliseconds(since: since) > Self.patienceMS || highest - number >= Self.window - 1 else { return }
        next = nil
        gapSince = nil
    }

    private static func bit(_ number: Int64) -> (word: Int, mask: UInt64) {
        let slot = Int(number & (window - 1))
        return (slot / 64, 1 << UInt64(slot % 64))
    }

    private func has(_ bits: InlineArray<4, UInt64>, _ number: Int64) -> Bool {
        let (word, mask) = Self.bit(number)
        return bits[word] & mask != 0
    }

    private mutating func set(_ number: Int64, endsFrame: Bool) {
        let (word, mask) = Self.bit(number)
        came[word] |= mask
        if endsFrame { ends[word] |= mask }
    }

    private mutating func clear(_ number: Int64) {
        let (word, mask) = Self.bit(number)
        came[word] &= ~mask
        ends[word] &= ~mask
    }
}
