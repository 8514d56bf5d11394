import Wire

/// The writing end of one track: makes the uplink's packets the show's, so that whoever publishes, and however often
/// that changes, viewers see one source whose numbers and clock go on.
final class MediaTrack {
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
    /// How long the rest of a frame is waited for, and how much of one.
    private static let frameHoldMS: Int64 = 5
    private static let frameHoldPackets: UInt64 = 16

    let feed: TrackFeed
    private(set) var codec: Codec
    private var video: VideoCodec?
    /// Since when the rest of a frame has been waited for.
    private(set) var heldSince: MonotonicTime?
    private var source: Source?
    private var lastArrival: (timestamp: UInt32, time: MonotonicTime)?

    init(kind: MediaKind, codec: Codec, sources: MediaSources) {
        feed = TrackFeed(kind: kind, sources: sources)
        self.codec = codec
        video = codec.video
    }

    var kind: MediaKind { feed.kind }

    /// Another uplink sends from now on.
    func changeSource(codec: Codec) {
        self.codec = codec
        video = codec.video
        source = nil
        feed.note(nil)
    }

    /// Puts a packet of the uplink into the ring.
    func receive(_ packet: RTPHeader, payload: UnsafeRawBufferPointer, at now: MonotonicTime) -> Arrival {
        var source = source ?? begin(with: packet, at: now)
        let ahead = Int64(Int16(bitPattern: packet.sequenceNumber &- source.lastSequence))
        guard Int64(source.lastIndex) + ahead > 0 else { return .dropped }
        let index = UInt64(Int64(source.lastIndex) + ahead)
        let isFirst = feed.ring.end == 0
        let isLate = !isFirst && index < feed.end
        let timestamp = packet.timestamp &+ source.timestampOffset
        guard feed.ring.write(index: index, timestamp: timestamp, marker: packet.marker, payload: payload) else {
            self.source = source
            return .dropped
        }
        if isFirst { feed.begin(at: index) }
        if ahead > 0 || isFirst {
            source.lastSequence = packet.sequenceNumber
            source.lastIndex = index
            lastArrival = (timestamp, now)
        }
        self.source = source
        if video?.beginsKeyFrame(payload.octets.span) == true, index > feed.keyFrame?.index ?? 0 {
            feed.note(TrackFeed.KeyFrame(index: index, arrival: now))
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
        let wanted = lastArrival.timestamp &+ UInt32(truncatingIfNeeded: elapsed * Int64(kind.clockRate) / 1_000)
        return Source(
            lastSequence: packet.sequenceNumber &- 1, lastIndex: feed.ring.end - 1,
            timestampOffset: wanted &- packet.timestamp)
    }

    /// From the present uplink's RTP time to the show's; nil before its first packet.
    var timestampOffset: UInt32? { source?.timestampOffset }

    /// Lets readers have what has come: sound at once, of a picture whole frames, or all of it when the rest has been
    /// waited for. Whether there is more now, and when to try again.
    func advance(at now: MonotonicTime) -> (hasMore: Bool, again: MonotonicTime?) {
        let start = feed.end
        let (end, again) = kind == .audio ? (feed.ring.end, nil) : frameEnd(from: start, at: now)
        guard end > start else { return (false, again) }
        SegmentShaper.even(feed.ring, start..<end)
        feed.publish(upTo: end)
        return (true, again)
    }

    private func frameEnd(from start: UInt64, at now: MonotonicTime) -> (end: UInt64, again: MonotonicTime?) {
        let newest = feed.ring.end
        var end = newest
        while end > start, feed.ring.packet(end - 1)?.marker != true { end -= 1 }
        guard end < newest else {
            heldSince = nil
            return (end, nil)
        }
        let since = heldSince ?? now
        if now.milliseconds(since: since) >= Self.frameHoldMS || newest - end >= Self.frameHoldPackets {
            heldSince = nil
            return (newest, nil)
        }
        heldSince = end > start ? now : since
        return (end, heldSince?.advanced(byMilliseconds: Self.frameHoldMS))
    }
}
