/// How the numbers of an uplink's packets become a show's indices: one after the other, but for packets that are left
/// out (a bandwidth probe) and such as are put in (parameter sets). Who comes late gets the index that was his.
struct SequenceMap {
    /// From this number on, `index = number + offset`.
    private struct Change {
        let from: Int64
        let offset: Int64
    }

    /// Late packets are seldom older than the last few changes.
    private static let maximumChanges = 16

    /// The newest first.
    private var changes: [Change]
    /// Without the wrap.
    private var newest: Int64

    /// `sequence` will have this index.
    init(_ sequence: UInt16, at index: UInt64) {
        newest = Int64(sequence)
        changes = [Change(from: .min, offset: Int64(index) - Int64(sequence))]
        changes.reserveCapacity(Self.maximumChanges + 1)
    }

    /// The index of a packet; nil for one that is too old to be told.
    mutating func index(of sequence: UInt16) -> UInt64? {
        let number = number(sequence)
        newest = max(newest, number)
        guard let offset = changes.first(where: { $0.from <= number })?.offset, number + offset > 0 else { return nil }
        return UInt64(number + offset)
    }

    /// Nothing is to be seen of this packet: the next one takes its index. False when others behind it have theirs
    /// already, so that a gap remains.
    mutating func leaveOut(_ sequence: UInt16) -> Bool { shift(at: sequence, by: -1) { $0 + 1 } }

    /// Makes room for one more before this packet, which is to be the newest. False when it isn't.
    mutating func makeRoom(before sequence: UInt16) -> Bool { shift(at: sequence, by: 1) { $0 } }

    private mutating func shift(at sequence: UInt16, by step: Int64, from: (Int64) -> Int64) -> Bool {
        let number = number(sequence)
        guard number >= newest, let current = changes.first else { return false }
        newest = number
        changes.insert(Change(from: from(number), offset: current.offset + step), at: 0)
        if changes.count > Self.maximumChanges { changes.removeLast() }
        return true
    }

    private func number(_ sequence: UInt16) -> Int64 {
        newest + Int64(Int16(bitPattern: sequence &- UInt16(truncatingIfNeeded: newest)))
    }
}
