import ICE
import Net
import SRTP
import Wire

// Unchecked: made by whoever starts it, then only its worker's thread touches it.
/// One viewer: counts what comes by the headers, and opens it when it verifies, or has not yet seen a picture.
final class Viewer: @unchecked Sendable {
    /// As much of a packet as counting needs: header, extensions, and a whole answer to a check.
    private static let headerCapture = 192
    private static let wholeCapture = 65_536

    let number: Int
    let link: PeerLink
    let isVerifying: Bool
    var times: JoinTimes
    private(set) var video: TrackReceiver?
    private(set) var audio: TrackReceiver?
    private var verifier: PacketVerifier?
    private var nextReport = MonotonicTime(nanoseconds: 0)
    private var nextKeyFrameRequest = MonotonicTime(nanoseconds: 0)
    /// Packets that are none of the tracks'.
    private(set) var strangers: UInt64 = 0
    /// It stands in its worker's list of those that miss something.
    var isRepairing = false
    /// What it says of when packets came; nil where nobody wants to know.
    private var arrivals: TransportFeedback?
    private var nextFeedback = MonotonicTime(nanoseconds: 0)
    /// What it could show of the picture.
    private(set) var picture = PictureWatch()
    private let ssrc = UInt32.random(in: 1...UInt32.max)

    private static let reportMilliseconds: Int64 = 1_000
    private static let keyFrameMilliseconds: Int64 = 500
    private static let feedbackMilliseconds: Int64 = 100
    /// As browsers take it to be that don't know it.
    private static let roundTripMilliseconds: Int64 = 100

    init(number: Int, link: PeerLink, isVerifying: Bool, asked: MonotonicTime) {
        self.number = number
        self.link = link
        self.isVerifying = isVerifying
        times = JoinTimes(asked: asked)
    }

    func begin(_ remote: RemoteDescription, log: SendLog?) {
        for track in remote.tracks {
            if track.kind == .video { video = TrackReceiver(track) } else { audio = TrackReceiver(track) }
        }
        if remote.tracks.contains(where: { $0.transportExtension != nil }) { arrivals = TransportFeedback() }
        link.onConnected = { [unowned self] keys, now in
            times.connected = now
            nextReport = now.advanced(byMilliseconds: Int64(number % 100) * 10)
            nextKeyFrameRequest = now.advanced(byMilliseconds: Self.keyFrameMilliseconds)
            do { verifier = try PacketVerifier(keys, log: log) } catch { link.fail("SRTP: \(error)") }
        }
    }

    /// Behind a link of its own: what that loses is no fault of the server's, and neither is having sound alone.
    var isWeak: Bool { link.isShaped }
    var hasJoined: Bool {
        times.firstKeyFrame != nil || ((video == nil || isWeak) && times.firstMedia != nil)
    }
    var findings: Findings { isVerifying ? verifier?.findings ?? Findings() : Findings() }
    private var isOpening: Bool {
        isVerifying || (video != nil && (times.firstKeyFrame == nil || picture.needsKeyFrame))
    }
    var capture: Int { isOpening || !link.isConnected ? Self.wholeCapture : Self.headerCapture }
    var isMissing: Bool { video?.missing.isEmpty == false || audio?.missing.isEmpty == false }

    /// Takes RTP. `arrival`: when the kernel had it.
    func receive(
        _ bytes: UnsafeMutableRawBufferPointer, byteCount: Int, arrival: MonotonicTime, at now: MonotonicTime,
        _ latencies: inout LatencyRecorder
    ) {
        guard bytes.count >= RTPHeader.minimumBytes else { return }
        let type = bytes[1] & 0x7F
        if times.firstMedia == nil { times.firstMedia = arrival }
        noteArrival(bytes, arrival)
        if type == video?.track.payloadType {
            let sequence = Self.word(bytes, 2)
            let outcome = video?.receive(sequence, ssrc: Self.source(bytes), bytes: byteCount, at: now)
            let beginsKeyFrame = isOpening && openVideo(bytes, outcome, arrival, &latencies)
            picture.receive(sequence, endsFrame: bytes[1] > 127, beginsKeyFrame: beginsKeyFrame, at: arrival)
        } else if type == audio?.track.payloadType {
            let sequence = Self.word(bytes, 2)
            let outcome = audio?.receive(sequence, ssrc: Self.source(bytes), bytes: byteCount, at: now)
            if isVerifying { openAudio(bytes, outcome, arrival, &latencies) }
        } else if let repair = video?.track.repairPayloadType, type == repair {
            receiveRepair(bytes, byteCount: byteCount, at: now, &latencies)
        } else {
            strangers += 1
        }
    }

    /// RFC 8285, section 4.2, as the relays that are measured write it: the number's is the first element.
    private func noteArrival(_ bytes: UnsafeMutableRawBufferPointer, _ arrival: MonotonicTime) {
        guard arrivals != nil, let id = video?.track.transportExtension, bytes[0] & 0x1F == 0x10, bytes.count >= 20,
            Self.word(bytes, 12) == 0xBEDE, bytes[16] >> 4 == id
        else { return }
        arrivals?.receive(Self.word(bytes, 17), at: arrival)
    }

    private static func word(_ bytes: UnsafeMutableRawBufferPointer, _ offset: Int) -> UInt16 {
        UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    private static func source(_ bytes: UnsafeMutableRawBufferPointer) -> UInt32 {
        UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
    }

    /// Whether a key frame begins with it.
    private func openVideo(
        _ bytes: UnsafeMutableRawBufferPointer, _ outcome: SequenceLedger.Outcome?, _ arrival: MonotonicTime,
        _ latencies: inout LatencyRecorder
    ) -> Bool {
        guard let (header, payload) = open(bytes), outcome != .duplicate else { return false }
        takeVideo(payload, header.sequenceNumber, header, arrival: outcome == .late ? nil : arrival, &latencies)
        notePicture(arrival)
        return beginsKeyFrame(payload)
    }

    private func takeVideo(
        _ payload: UnsafeRawBufferPointer, _ sequence: UInt16, _ header: RTPHeader, arrival: MonotonicTime?,
        _ latencies: inout LatencyRecorder
    ) {
        // What is left out for a narrow link gives the rest other numbers, and its delay isn't the server's.
        verifier?.takeVideo(
            payload, sequence: sequence, header: header, codec: video?.track.codec, checksPlace: !isWeak,
            arrival: isWeak ? nil : arrival, &latencies)
    }

    private func beginsKeyFrame(_ payload: UnsafeRawBufferPointer) -> Bool {
        video?.track.codec?.beginsKeyFrame(payload.assumingMemoryBound(to: UInt8.self).span) ?? false
    }

    private func openAudio(
        _ bytes: UnsafeMutableRawBufferPointer, _ outcome: SequenceLedger.Outcome?, _ arrival: MonotonicTime,
        _ latencies: inout LatencyRecorder
    ) {
        guard let (header, payload) = open(bytes), outcome != .duplicate else { return }
        verifier?.takeAudio(
            payload, sequence: header.sequenceNumber, header: header, arrival: outcome == .late ? nil : arrival,
            checksTone: outcome != .late, &latencies)
    }

    private func notePicture(_ arrival: MonotonicTime) {
        if times.firstKeyFrame == nil, verifier?.hasKeyFrame == true { times.firstKeyFrame = arrival }
    }

    /// RFC 4588, section 4: the original's number comes first, then its payload.
    private func receiveRepair(
        _ bytes: UnsafeMutableRawBufferPointer, byteCount: Int, at now: MonotonicTime,
        _ latencies: inout LatencyRecorder
    ) {
        let endsFrame = bytes[1] > 127
        guard isOpening else {
            guard let original = verifier?.peek(UnsafeRawBufferPointer(bytes)) else { return }
            _ = video?.receiveRepair(of: original, bytes: byteCount, at: now)
            return picture.receive(original, endsFrame: endsFrame, beginsKeyFrame: false, at: now)
        }
        guard let (header, payload) = open(bytes), payload.count > 2 else { return }
        let original = UInt16(bigEndian: payload.loadUnaligned(as: UInt16.self))
        guard video?.receiveRepair(of: original, bytes: byteCount, at: now) == .late else { return }
        let content = UnsafeRawBufferPointer(rebasing: payload[2...])
        takeVideo(content, original, header, arrival: nil, &latencies)
        picture.receive(original, endsFrame: endsFrame, beginsKeyFrame: beginsKeyFrame(content), at: now)
        notePicture(now)
    }

    private func open(_ bytes: UnsafeMutableRawBufferPointer) -> (RTPHeader, UnsafeRawBufferPointer)? {
        guard let packet = verifier?.open(bytes),
            let header = RTPHeader(packet.assumingMemoryBound(to: UInt8.self).span)
        else { return nil }
        let end = header.headerBytes + header.payloadBytes
        return (header, UnsafeRawBufferPointer(rebasing: packet[header.headerBytes..<end]))
    }

    func receiveRTCP(_ datagram: UnsafeRawBufferPointer, with scratch: SRTCPScratch, at now: MonotonicTime) {
        for packet in link.open(datagram, with: scratch) {
            guard case .senderReport(let report, _) = packet else { continue }
            video?.take(report, at: now)
            audio?.take(report, at: now)
        }
    }

    /// Ends the seconds that are over by now.
    func settle(at now: MonotonicTime) { picture.seconds.settle(at: now) }

    /// Asks again for what is missing, when its time has come.
    func repair(with scratch: SRTCPScratch, at now: MonotonicTime) {
        var compound = RTCPCompound()
        if let video {
            Self.ask(for: &self.video, video.ssrc, from: ssrc, &compound, at: now)
            requestKeyFrame(&compound, at: now)
        }
        if let audio { Self.ask(for: &self.audio, audio.ssrc, from: ssrc, &compound, at: now) }
        if !compound.bytes.isEmpty { link.send(compound, with: scratch, at: now) }
    }

    private static func ask(
        for track: inout TrackReceiver?, _ media: UInt32, from ssrc: UInt32, _ compound: inout RTCPCompound,
        at now: MonotonicTime
    ) {
        guard let lost = track?.missing.due(at: now, roundTripMS: Self.roundTripMilliseconds) else { return }
        if !lost.isEmpty { compound.nack(sender: ssrc, media: media, lost: lost) }
    }

    private func requestKeyFrame(_ compound: inout RTCPCompound, at now: MonotonicTime) {
        guard let media = video?.ssrc, video?.missing.needsKeyFrame == true, now >= nextKeyFrameRequest else { return }
        nextKeyFrameRequest = now.advanced(byMilliseconds: Self.keyFrameMilliseconds)
        video?.missing.didRequestKeyFrame()
        compound.pictureLossIndication(sender: ssrc, media: media)
    }

    /// Reports, requests for a picture, and what its link wants; to be called some times a second.
    func advance(with scratch: SRTCPScratch, at now: MonotonicTime) {
        link.advance(at: now)
        if link.isConnected, now >= nextFeedback { sendFeedback(with: scratch, at: now) }
        guard link.isConnected, now >= nextReport else { return }
        nextReport = now.advanced(byMilliseconds: Self.reportMilliseconds)
        let blocks = [video?.reportBlock(at: now), audio?.reportBlock(at: now)].compactMap { $0 }
        var compound = RTCPCompound()
        compound.receiverReport(sender: ssrc, blocks)
        compound.canonicalName("vitrine-load", of: ssrc)
        if let video, times.firstKeyFrame == nil, video.ssrc != 0, now >= nextKeyFrameRequest {
            compound.pictureLossIndication(sender: ssrc, media: video.ssrc)
        }
        link.send(compound, with: scratch, at: now)
    }

    private func sendFeedback(with scratch: SRTCPScratch, at now: MonotonicTime) {
        nextFeedback = now.advanced(byMilliseconds: Self.feedbackMilliseconds)
        while let report = arrivals?.build(sender: ssrc, media: video?.ssrc ?? 0) {
            var compound = RTCPCompound()  // reduced size (RFC 5506)
            compound.append(report)
            link.send(compound, with: scratch, at: now)
        }
    }
}
