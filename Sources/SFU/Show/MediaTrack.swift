import Wire

/// The writing end of one track: makes the uplink's packets the show's, so that whoever publishes, and however often
/// that changes, viewers see one source whose numbers and clock go on.
final class MediaTrack {
    /// The frame whose packets are coming.
    private struct FrameStart {
        let timestamp: UInt32
        /// The first of its packets that has come.
        var first: UInt64
        var isKey: Bool
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

    /// With RTP's header, the number of what it repairs, SRTP's tag, and UDP's and IP's headers an Ethernet frame is full.
    static let maximumPayloadBytes = 1_500 - 28 - 12 - 2 - 16

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
    /// How the present uplink's packets become the show's; nil before its first.
    private var numbers: SequenceMap?
    /// From the present uplink's RTP time to the show's; nil before its first packet.
    private(set) var timestampOffset: UInt32?
    private var frame: FrameStart?
    private var parameterSets = ParameterSets()
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
        numbers = nil
        timestampOffset = nil
        frame = nil
        parameterSets = ParameterSets(codec.parameterSets)
        feed.note(nil)
    }

    /// Puts a packet of the uplink into the ring.
    func receive(_ packet: RTPHeader, payload: UnsafeRawBufferPointer, at now: MonotonicTime) -> Arrival {
        guard payload.count <= Self.maximumPayloadBytes else { return .tooLarge }
        if numbers == nil { begin(with: packet, at: now) }
        guard !payload.isEmpty else {
            _ = numbers?.leaveOut(packet.sequenceNumber)
            return .dropped
        }
        let timestamp = packet.timestamp &+ (timestampOffset ?? 0)
        let begins = video?.beginsKeyFrame(payload.octets.span) ?? false
        if video == .h264 { completeKeyFrame(packet, timestamp, payload, begins: begins, at: now) }
        guard let index = numbers?.index(of: packet.sequenceNumber) else { return .dropped }
        let isLate = feed.ring.end != 0 && index < feed.end
        guard write(index, timestamp, marker: packet.marker, payload, at: now) else { return .dropped }
        if kind == .video { noteFrame(timestamp, index, isKey: begins, at: now) }
        return isLate ? .late(index: index) : .next
    }

    private func write(
        _ index: UInt64, _ timestamp: UInt32, marker: Bool, _ payload: UnsafeRawBufferPointer, at now: MonotonicTime
    ) -> Bool {
        let end = feed.ring.end
        guard feed.ring.write(index: index, timestamp: timestamp, marker: marker, payload: payload) else {
            return false
        }
        if end == 0 { feed.begin(at: index) }
        if index >= end { lastArrival = (timestamp, now) }
        return true
    }

    /// The numbers go on behind the former source's, the clock by the time that has passed.
    private func begin(with packet: RTPHeader, at now: MonotonicTime) {
        guard let lastArrival else {
            numbers = SequenceMap(packet.sequenceNumber, at: Self.firstIndex + UInt64(packet.sequenceNumber))
            timestampOffset = 0
            return
        }
        let elapsed = max(1, now.milliseconds(since: lastArrival.time))
        let wanted = lastArrival.timestamp &+ UInt32(truncatingIfNeeded: elapsed * Int64(kind.clockRate) / 1_000)
        numbers = SequenceMap(packet.sequenceNumber, at: feed.ring.end)
        timestampOffset = wanted &- packet.timestamp
    }

    // MARK: Key frames

    /// Keeps parameter sets that come, and gives a key frame without any those that are known: a viewer may begin here.
    private func completeKeyFrame(
        _ packet: RTPHeader, _ timestamp: UInt32, _ payload: UnsafeRawBufferPointer, begins: Bool,
        at now: MonotonicTime
    ) {
        let isAlone = frame?.timestamp != timestamp || frame?.isKey == false
        guard !parameterSets.receive(payload.octets.span), begins, isAlone, let sets = parameterSets.payload,
            numbers?.makeRoom(before: packet.sequenceNumber) == true,
            let index = numbers?.index(of: packet.sequenceNumber)
        else { return }
        let isWritten = sets.withUnsafeBytes { write(index - 1, timestamp, marker: false, $0, at: now) }
        if isWritten { noteFrame(timestamp, index - 1, isKey: true, at: now) }
    }

    /// A key frame begins with its frame's first packet: what stands before the slices (parameter sets, a delimiter) is
    /// needed to decode them.
    private func noteFrame(_ timestamp: UInt32, _ index: UInt64, isKey: Bool, at now: MonotonicTime) {
        guard var frame = self.frame, frame.timestamp == timestamp else {
            guard index > self.frame?.first ?? 0 else { return }
            self.frame = FrameStart(timestamp: timestamp, first: index, isKey: isKey)
            if isKey { feed.note(TrackFeed.KeyFrame(index: index, arrival: now)) }
            return
        }
        let isEarlier = index < frame.first
        let wasKey = frame.isKey
        frame.first = min(frame.first, index)
        frame.isKey = wasKey || isKey
        self.frame = frame
        if frame.isKey, isEarlier || !wasKey {
            let arrival = wasKey ? feed.keyFrame?.arrival : nil
            feed.note(TrackFeed.KeyFrame(index: frame.first, arrival: arrival ?? now))
        }
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
