package import Wire

/// What one receiver has been sent lately, by batch: packets that went out in the same millisecond, whose transport
/// numbers follow each other. Noting one costs a few stores, and nothing is allocated after the start.
package struct SendHistory: ~Copyable {
    /// 128 batches of 16 bytes: the last 1.6 s of a picture at its own pace, 0.6 s of one that is paced.
    private static let capacity: UInt64 = 128

    package struct Batch {
        /// The number of its first packet, without the wrap.
        package let first: UInt64
        package let count: Int
        package let bytes: Int
        package let sent: MonotonicTime
        /// Sent as part of a probe: its number, 0 for none.
        package let probe: UInt16
    }

    /// A batch as it is kept: small, since there are many.
    private struct Row {
        /// Without what all that are kept have in common with the newest.
        let first: UInt32
        /// In units of 65.536 µs.
        let sent: UInt32
        var bytes: UInt32
        var count: UInt16
        let probe: UInt16
    }

    /// Nil where nothing is reported on.
    private let rows: UnsafeMutablePointer<Row>?
    private var end: UInt64 = 0
    private var last = MonotonicTime(nanoseconds: .min / 2)
    /// What the next packet is numbered.
    package private(set) var next: UInt64
    /// Marks what is sent from now on as a probe's; 0: it is none.
    package var probe: UInt16 = 0

    /// `isKept`: false for a receiver that doesn't report; nothing is remembered then.
    package init(isKept: Bool = true) {
        rows = isKept ? .allocate(capacity: Int(Self.capacity)) : nil
        next = 1 << 16  // so that what lies behind has numbers, too
    }

    deinit { rows?.deallocate() }

    /// These packets have been numbered from `next` on, and go out now.
    package mutating func note(packets: Int, bytes: Int, at now: MonotonicTime) {
        guard let rows else { return }
        defer { next += UInt64(packets) }
        if end > 0, now.nanoseconds - last.nanoseconds < 1_000_000 {
            let newest = rows + Int((end - 1) % Self.capacity)
            if newest.pointee.probe == probe, newest.pointee.count < 60_000 {
                newest.pointee.count += UInt16(truncatingIfNeeded: packets)
                newest.pointee.bytes &+= UInt32(truncatingIfNeeded: bytes)
                return
            }
        }
        last = now
        (rows + Int(end % Self.capacity)).initialize(
            to: Row(
                first: UInt32(truncatingIfNeeded: next), sent: Self.units(now),
                bytes: UInt32(truncatingIfNeeded: bytes),
                count: UInt16(truncatingIfNeeded: packets), probe: probe))
        end += 1
    }

    /// The place of the batch that a packet went with; nil for what isn't known any more or has not been sent.
    package func position(of number: UInt64) -> UInt64? {
        guard number < next else { return nil }
        let distance = next - number
        let oldest = end > Self.capacity ? end - Self.capacity : 0
        var (low, high) = (oldest, end)
        while low < high {
            let middle = (low + high) / 2
            if self.distance(middle) >= distance { low = middle + 1 } else { high = middle }
        }
        return low > oldest ? low - 1 : nil
    }

    package subscript(position: UInt64) -> Batch {
        let row = row(position)
        let age = Int64(Self.units(last) &- row.sent) << 16
        return Batch(
            first: next - distance(position), count: Int(row.count), bytes: Int(row.bytes),
            sent: MonotonicTime(nanoseconds: ((last.nanoseconds >> 16) << 16) - age), probe: row.probe)
    }

    /// How far before `next` a batch begins.
    private func distance(_ position: UInt64) -> UInt64 {
        UInt64(UInt32(truncatingIfNeeded: next) &- row(position).first)
    }

    /// Only of positions that `position(of:)` has given, or such as lie between.
    private func row(_ position: UInt64) -> Row {
        guard let rows else { return Row(first: 0, sent: 0, bytes: 0, count: 0, probe: 0) }
        return rows[Int(position % Self.capacity)]
    }

    private static func units(_ time: MonotonicTime) -> UInt32 { UInt32(truncatingIfNeeded: time.nanoseconds >> 16) }
}
