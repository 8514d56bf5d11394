import Wire

/// One track of a show in the form that all viewers get: whoever publishes, and however often that changes, its source,
/// its numbers and its clock go on.
final class MediaTrack {
    /// Where a decoder can begin.
    struct KeyFrame {
        let index: UInt64
        let arrival: MonotonicTime
    }

    /// How the packets of the present uplink become the show's.
    private struct Source {
        var lastSequence: UInt16
        var lastIndex: UInt64
        let timestampOffset: UInt32
    }

    /// What a packet of the uplink turned out to be.
    enum Arrival {
        case next
        /// Behind others that are out already: repaired, or reordered on its way.
        case late(index: UInt64)
        case dropped
    }

    /// Indices begin here, so that a viewer's sequence numbers may begin a little below.
    private static let firstIndex: UInt64 = 1 << 17

    let kind: MediaKind
    let sources: MediaSources
    private(set) var codec: Codec
    private(set) var ring: PacketRing
    /// The newest one that has begun to arrive.
    private(set) var keyFrame: KeyFrame?
    /// One behind what has been planned for viewers.
    var planned: UInt64 = 0
    /// Since when the rest of a frame has been waited for.
    var heldSince: MonotonicTime?
    private var source: Source?
    private var lastArrival: (timestamp: UInt32, time: MonotonicTime)?

    init(kind: MediaKind, codec: Codec, sources: MediaSources) {
        self.kind = kind
        self.codec = codec
        self.sources = sources
        ring = PacketRing(capacity: kind.ringCapacity)
    }

    /// Another uplink sends from now on.
    func changeSource(codec: Codec) {
        self.codec = codec
        source = nil
        keyFrame = nil
    }

    /// Puts a packet of the uplink into the ring.
    func receive(_ packet: RTPHeader, payload: UnsafeRawBufferPointer, at now: MonotonicTime) -> Arrival {
        var source = source ?? begin(with: packet, at: now)
        let ahead = Int64(Int16(bitPattern: packet.sequenceNumber &- source.lastSequence))
        guard Int64(source.lastIndex) + ahead > 0 else { return .dropped }
        let index = UInt64(Int64(source.lastIndex) + ahead)
        let isFirst = ring.end == 0
        let isLate = !isFirst && index < planned
        let timestamp = packet.timestamp &+ source.timestampOffset
        guard ring.write(index: index, timestamp: timestamp, marker: packet.marker, payload: payload) else {
            self.source = source
            return .dropped
        }
        if planned == 0 { planned = index }
        if ahead > 0 || isFirst {
            source.lastSequence = packet.sequenceNumber
            source.lastIndex = index
            lastArrival = (timestamp, now)
        }
        self.source = source
        if codec.video?.beginsKeyFrame(payload.octets.span) == true, index > keyFrame?.index ?? 0 {
            keyFrame = KeyFrame(index: index, arrival: now)
        }
        return isLate ? .late(index: index) : .next
    }

    /// The numbers go on behind the former source's, the clock by the time that has passed.
    private func begin(with packet: RTPHeader, at now: MonotonicTime) -> Source {
        guard let lastArrival else {
            return Source(
                lastSequence: packet.sequenceNumber, lastIndex: Self.firstIndex + UInt64(packet.sequenceNumber),
                timestampOffset: 0)
        }
        let elapsed = max(1, now.milliseconds(since: lastArrival.time))
        let wanted = lastArrival.timestamp &+ UInt32(truncatingIfNeeded: elapsed * Int64(codec.clockRate) / 1_000)
        return Source(
            lastSequence: packet.sequenceNumber &- 1, lastIndex: ring.end - 1,
            timestampOffset: wanted &- packet.timestamp)
    }

    /// The show's time for a time of the present uplink; nil before its first packet.
    func showTimestamp(ofUplink timestamp: UInt32) -> UInt32? {
        source.map { timestamp &+ $0.timestampOffset }
    }

    func settle(_ slot: UnsafeMutablePointer<PacketRing.Slot>, toBytes bytes: Int) {
        ring.settle(slot, toBytes: bytes)
    }
}

extension MediaTrack {
    func slot(_ index: UInt64) -> UnsafeMutablePointer<PacketRing.Slot>? { ring.slot(index) }
    func payload(_ slot: UnsafePointer<PacketRing.Slot>) -> UnsafeRawBufferPointer { ring.payload(slot) }
}
