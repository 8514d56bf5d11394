import Wire

/// What one viewer, or all of them, have got by some moment.
package struct ViewerCount: Sendable, Equatable {
    package var packets: UInt64 = 0
    package var bytes: UInt64 = 0
    package var repairs: UInt64 = 0
    package var duplicates: UInt64 = 0
    package var late: UInt64 = 0
    package var restarts: UInt64 = 0
    package var strangers: UInt64 = 0
    /// Whole ones since each was connected, and those of them that could be watched.
    package var seconds: UInt64 = 0
    package var watchableSeconds: UInt64 = 0

    package init() {}

    mutating func add(_ track: TrackReceiver) {
        packets += track.packets
        bytes += track.bytes
        repairs += track.repairs
        duplicates += track.ledger.duplicates
        late += track.ledger.late
        restarts += track.ledger.restarts
    }

    package static func += (left: inout Self, right: Self) {
        left.packets += right.packets
        left.bytes += right.bytes
        left.repairs += right.repairs
        left.duplicates += right.duplicates
        left.late += right.late
        left.restarts += right.restarts
        left.strangers += right.strangers
        left.seconds += right.seconds
        left.watchableSeconds += right.watchableSeconds
    }

    package static func - (left: Self, right: Self) -> Self {
        var difference = Self()
        difference.packets = left.packets - right.packets
        difference.bytes = left.bytes - right.bytes
        difference.repairs = left.repairs - right.repairs
        difference.duplicates = left.duplicates - right.duplicates
        difference.late = left.late - right.late
        difference.restarts = left.restarts - right.restarts
        difference.strangers = left.strangers - right.strangers
        difference.seconds = left.seconds - right.seconds
        difference.watchableSeconds = left.watchableSeconds - right.watchableSeconds
        return difference
    }
}
