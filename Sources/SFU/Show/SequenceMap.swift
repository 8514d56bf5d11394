/// How the numbers of an uplink's packets become a show's indices: one after the other, but for packets that are left
/// out (a bandwidth probe) and such as are put in (parameter sets). Who comes late gets the index that was his.
struct SequenceMap {
    /// From this number on, `index = number + offset`.
    private struct Change {
        let from: Int64
        let offset: Int64
    }

    /// Late packets are seldom older than the last few changes.
    private static let maximumChanges = 8

    /// The newest first.
    private var changes: InlineArray<8, Change>
    private var count = 1
    /// Without the wrap.
    private var newest: Int64

    /// `sequence` will have this index.
    init(_ sequence: UInt16, at index: UInt64) {
        newest = Int64(sequence)
        changes = .init(repeating: Change(from: .min, offset: Int64(index) - Int64(sequence)))
    }

    /// The index of a packet; nil for one that is too old to be told.
    mutating func index(of sequence: UInt16) -> UInt64? {
        let number = number(sequence)
        newest = max(newest, number)
        for position in 0..<count where changes[position].from <= number {
            let index = number + changes[position].offset
            return index > 0 ? UInt64(index) : nil
        }
        return nil
    }

    /// Nothing is to be seen of this packet: the next one takes its index. False when others behind it have theirs
    /// already, so that a gap remains.
    mutating func leaveOut(_ sequence: UInt16) -> Bool { shift(at: sequence, by: -1, from: 1) }

    /// Makes room for one more before this packet, which is to be the newest. False when it isn't.
    mutating func makeRoom(before sequence: UInt16) -> Bool { shift(at: sequence, by: 1, from: 0) }

    private mutating func shift(at sequence: UInt16, by step: Int64, from: Int64) -> Bool {
        let number = number(sequence)
        guard number >= newest else { return false }
        newest = number
        for position in stride(from: min(count, Self.maximumChanges - 1), to: 0, by: -1) {
            changes[position] = changes[position - 1]
        }
        changes[0] = Change(from: number + from, offset: changes[0].offset + step)
        count = min(count + 1, Self.maximumChanges)
        return true
    }

    private func number(_ sequence: UInt16) -> Int64 {
        newest + Int64(Int16(bitPattern: sequence &- UInt16(truncatingIfNeeded: newest)))
    }
}
