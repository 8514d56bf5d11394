import SRTP
import Wire

/// Opens one viewer's packets and looks at what is in them.
final class PacketVerifier {
    private let opener: RTPOpener
    private let tone = ToneDecoder()
    private var videoPlaces = PlacementCheck()
    private var audioPlaces = PlacementCheck()
    private var keyFrames = KeyFrameWatch()
    private var lastDelay: Int64?
    private var counts = Findings()

    /// Of a published file; nil when packets carry stamps.
    private let log: SendLog?

    init(_ keys: SRTPKeys, log: SendLog?) throws {
        opener = try RTPOpener(keys)
        self.log = log
    }

    var hasKeyFrame: Bool { keyFrames.isWhole }

    var findings: Findings {
        var findings = counts
        findings.goodToneWindows = UInt64(tone?.check.goodWindows ?? 0)
        findings.badToneWindows = UInt64(tone?.check.badWindows ?? 0)
        findings.undecodable = UInt64(tone?.undecodable ?? 0)
        return findings
    }

    /// Opens a packet in place; nil when it isn't authentic.
    func open(_ packet: UnsafeMutableRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard case .opened(let byteCount) = opener.open(packet) else {
            counts.forged += 1
            return nil
        }
        counts.opened += 1
        return UnsafeRawBufferPointer(rebasing: packet[..<byteCount])
    }

    /// The original's number in a retransmission that is only counted.
    func peek(_ packet: UnsafeRawBufferPointer) -> UInt16? { opener.peek(packet) }

    /// `sequence`: the original's. `arrival` is nil for what came by retransmission.
    func takeVideo(
        _ payload: UnsafeRawBufferPointer, sequence: UInt16, header: RTPHeader, codec: VideoCodec?,
        checksPlace: Bool = true,
        arrival: MonotonicTime?, _ latencies: inout LatencyRecorder
    ) {
        if !keyFrames.isWhole {
            let begins = codec?.beginsKeyFrame(payload.assumingMemoryBound(to: UInt8.self).span) ?? false
            keyFrames.receive(
                sequence: sequence, timestamp: header.timestamp, isLast: header.marker, beginsKeyFrame: begins)
        }
        guard let (stamp, isWhole) = Stamp.read(payload) else {
            let sentAt = log?.sentAt(payload, isVP8: codec == .vp8)
            if let arrival, let sentAt { note(arrival.nanoseconds - sentAt, isLast: header.marker, &latencies) }
            return
        }
        if !isWhole { counts.corrupt += 1 }
        let place = SyntheticVideo.place(frame: stamp.frame, packet: stamp.packet)
        let fits = videoPlaces.fits(
            sequence: sequence, timestamp: header.timestamp, sentSequence: place.sequence,
            sentTimestamp: place.timestamp)
        if !fits, checksPlace { counts.misplaced += 1 }
        guard let arrival else { return }
        note(arrival.nanoseconds - stamp.sentAt, isLast: stamp.packet + 1 == stamp.count, &latencies)
    }

    private func note(_ delay: Int64, isLast: Bool, _ latencies: inout LatencyRecorder) {
        latencies.record(delay, .video)
        guard isLast else { return }
        latencies.record(delay, .frameEnd)
        if let lastDelay { latencies.record(abs(delay - lastDelay), .jitter) }
        lastDelay = delay
    }

    func takeAudio(
        _ payload: UnsafeRawBufferPointer, sequence: UInt16, header: RTPHeader, arrival: MonotonicTime?,
        checksTone: Bool, _ latencies: inout LatencyRecorder
    ) {
        guard let stamp = AudioStamp.read(payload) else { return }
        let fits = audioPlaces.fits(
            sequence: sequence, timestamp: header.timestamp, sentSequence: UInt16(truncatingIfNeeded: stamp.number),
            sentTimestamp: UInt32(truncatingIfNeeded: stamp.number) &* UInt32(Tone.frameSamples))
        if !fits { counts.misplaced += 1 }
        if let arrival { latencies.record(arrival.nanoseconds - stamp.sentAt, .audio) }
        if checksTone { tone?.take(payload) }
    }
}
