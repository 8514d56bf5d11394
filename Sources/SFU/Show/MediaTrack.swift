import Wire

/// The writing end of one track: makes the uplink's packets the show's, so that whoever publishes, and however often
/// that changes, viewers see one source whose numbers and clock go on.
final class MediaTrack {
    /// How the packets of the present source become the show's.
    private struct Source {
        var numbers: SequenceMap
        let timestampOffset: UInt32
        /// The frame whose packets are coming: its time, the first of its packets, and whether a decoder can begin there.
        private var frame: (timestamp: UInt32, first: UInt64, isKey: Bool)?

        init(numbers: SequenceMap, timestampOffset: UInt32) {
            self.numbers = numbers
            self.timestampOffset = timestampOffset
        }

        /// Whether the frame of this time is known as one where a decoder can begin.
        func isKeyFrame(_ timestamp: UInt32) -> Bool { frame.map { $0.timestamp == timestamp && $0.isKey } ?? false }

        /// Notes a packet of a picture. Where a key frame begins, when that is news: with its frame's first packet, since
        /// what stands before the slices (parameter sets, a delimiter) is needed to decode them.
        mutating func noteFrame(_ timestamp: UInt32, _ index: UInt64, isKey: Bool) -> UInt64? {
            guard let known = frame, known.timestamp == timestamp else {
                guard index > frame?.first ?? 0 else { return nil }
                frame = (timestamp, index, isKey)
                return isKey ? index : nil
            }
            guard index < known.first || isKey && !known.isKey else { return nil }
            frame = (timestamp, min(known.first, index), known.isKey || isKey)
            return known.isKey || isKey ? min(known.first, index) : nil
        }
    }

    /// What a packet of the uplink turned out to be.
    enum Arrival {
        case next
        /// Behind others that are out already: repaired, or reordered on its way.
        case late(index: UInt64)
        /// Nothing that viewers need: a probe, or what they have.
        case dropped
        /// It would not fit into one datagram to a viewer.
        case tooLarge
    }

    /// With RTP's header and its extension, the number of what it repairs, SRTP's tag, and UDP's and IP's headers an
    /// Ethernet frame is full.
    static let maximumPayloadBytes = 1_500 - 28 - 12 - 8 - 2 - 16

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
    private var parameterSets = ParameterSets()
    private var rateWindow = LayerRates.Window()
    private var lastArrival: (timestamp: UInt32, time: MonotonicTime)?

    init(kind: MediaKind, codec: Codec, sources: MediaSources) {
        feed = TrackFeed(kind: kind, sources: sources)
        self.codec = codec
        video = codec.video
        parameterSets = ParameterSets(codec.parameterSets)
    }

    var kind: MediaKind { feed.kind }

    /// Another source sends from now on: another uplink, or the same one anew.
    func changeSource(codec: Codec) {
        self.codec = codec
        video = codec.video
        source = nil
        parameterSets = ParameterSets(codec.parameterSets)
        feed.note(nil)
    }

    /// From the present source's RTP time to the show's; nil before its first packet.
    var timestampOffset: UInt32? { source?.timestampOffset }

    /// Puts a packet of the uplink into the ring.
    func receive(_ packet: RTPHeader, payload: UnsafeRawBufferPointer, at now: MonotonicTime) -> Arrival {
        guard payload.count <= Self.maximumPayloadBytes else { return .tooLarge }
        guard !payload.isEmpty else {
            _ = source?.numbers.leaveOut(packet.sequenceNumber)
            return .dropped
        }
        let timestamp = packet.timestamp &+ (source?.timestampOffset ?? begin(with: packet, at: now))
        let begins = video?.beginsKeyFrame(payload.octets.span) ?? false
        if video == .h264 { complete(packet.sequenceNumber, timestamp, payload, begins: begins, at: now) }
        guard let index = source?.numbers.index(of: packet.sequenceNumber) else { return .dropped }
        let end = feed.ring.end
        let isLate = end != 0 && index < feed.end
        guard feed.ring.write(index: index, timestamp: timestamp, marker: packet.marker, payload: payload) else {
            return .dropped
        }
        if end == 0 { feed.begin(at: index) }
        if kind == .video { noteRate(payload, at: now) }
        if index >= end { lastArrival = (timestamp, now) }
        if kind == .video, let start = source?.noteFrame(timestamp, index, isKey: begins) {
            noteKeyFrame(start, at: now)
        }
        return isLate ? .late(index: index) : .next
    }

    private func noteRate(_ payload: UnsafeRawBufferPointer, at now: MonotonicTime) {
        let layer = video == .vp8 ? VP8Descriptor(payload.octets.span)?.temporalLayer : nil
        feed.rates.note(payload.count, layer: Int(layer ?? 0), in: &rateWindow, at: now)
    }

    /// The numbers go on behind the former source's, the clock by the time that has passed. The clock's offset.
    private func begin(with packet: RTPHeader, at now: MonotonicTime) -> UInt32 {
        let source = makeSource(packet, at: now)
        self.source = source
        return source.timestampOffset
    }

    private func makeSource(_ packet: RTPHeader, at now: MonotonicTime) -> Source {
        guard let lastArrival else {
            let index = Self.firstIndex + UInt64(packet.sequenceNumber)
            return Source(numbers: SequenceMap(packet.sequenceNumber, at: index), timestampOffset: 0)
        }
        let elapsed = max(1, now.milliseconds(since: lastArrival.time))
        let wanted = lastArrival.timestamp &+ UInt32(truncatingIfNeeded: elapsed * Int64(kind.clockRate) / 1_000)
        return Source(
            numbers: SequenceMap(packet.sequenceNumber, at: feed.ring.end), timestampOffset: wanted &- packet.timestamp)
    }

    /// Keeps parameter sets that come, and gives a key frame without any those that are known: a viewer may begin here.
    private func complete(
        _ sequence: UInt16, _ timestamp: UInt32, _ payload: UnsafeRawBufferPointer,
        begins: Bool, at now: MonotonicTime
    ) {
        guard !parameterSets.receive(payload.octets.span), begins, source?.isKeyFrame(timestamp) == false,
            let sets = parameterSets.payload, source?.numbers.makeRoom(before: sequence) == true,
            let index = source?.numbers.index(of: sequence)
        else { return }
        let isFirst = feed.ring.end == 0
        let isWritten = sets.withUnsafeBytes {
            feed.ring.write(index: index - 1, timestamp: timestamp, marker: false, payload: $0)
        }
        guard isWritten else { return }
        if isFirst { feed.begin(at: index - 1) }
        if let start = source?.noteFrame(timestamp, index - 1, isKey: true) { noteKeyFrame(start, at: now) }
    }

    /// A frame that is known already, and whose first packet only came late, keeps its time.
    private func noteKeyFrame(_ start: UInt64, at now: MonotonicTime) {
        guard let known = feed.keyFrame else { return feed.note(TrackFeed.KeyFrame(index: start, arrival: now)) }
        let isSame = start < known.index
        feed.note(TrackFeed.KeyFrame(index: start, arrival: isSame ? known.arrival : now))
    }

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
