import DTLS
import ICE
import Net
import SRTP
import Wire

// Unchecked: its loop's thread alone touches it once it has begun.
/// The one who sends: pictures from a source and a tone, on time, each packet by itself as encoders do.
final class Publisher: @unchecked Sendable {
    private static let audioNanoseconds: Int64 = 20_000_000
    private static let reportMilliseconds: Int64 = 1_000
    private static let linkMilliseconds: Int64 = 20
    /// Later than this a frame is left out.
    private static let maximumDelay: Int64 = 500_000_000
    private static let whole = 2_048

    let loop: PollLoop
    let link: PeerLink
    private let sources: PublishedSources
    private let source: any VideoSource
    private let tone: Tone
    private let inbox: MediaInbox
    private let responder = ICELiteResponder()
    private let scratch: SRTCPScratch
    private var sealing: RTPSealing?
    private var video: PublishedTrack?
    private var audio: PublishedTrack?
    private var repair: PublishedTrack?
    private var history = PacketHistory()
    private var frames: UInt32 = 0
    private var tones: UInt64 = 0
    private var nextFrame: Int64 = 0
    private var nextTone: Int64 = 0
    private var nextReport = MonotonicTime(nanoseconds: 0)
    private var wantsKeyFrame = true
    private(set) var count = PublisherCount()

    init(loop: PollLoop, link: PeerLink, sources: PublishedSources, video: any VideoSource) throws {
        self.loop = loop
        self.link = link
        self.sources = sources
        source = video
        tone = try Tone()
        inbox = try MediaInbox(joined: false)
        scratch = try SRTCPScratch()
    }

    /// Before the loop's start.
    func begin(_ remote: RemoteDescription, certificate: DTLSCertificate) {
        for track in remote.tracks {
            let first = UInt16.random(in: 0..<0x4000)
            if track.kind == .audio {
                // Its number is its tone's, so that viewers can tell its place.
                audio = PublishedTrack(payloadType: track.payloadType, ssrc: sources.audio, firstSequence: first)
            } else {
                video = PublishedTrack(payloadType: track.payloadType, ssrc: sources.video, firstSequence: first)
                repair = track.repairPayloadType.map {
                    PublishedTrack(payloadType: $0, ssrc: sources.repair, firstSequence: first)
                }
            }
        }
        link.onConnected = { [unowned self] keys, now in
            do { sealing = try RTPSealing(keys) } catch { link.fail("SRTP: \(error)") }
            nextFrame = now.nanoseconds
            nextTone = now.nanoseconds
        }
        loop.add(link.socket.descriptor) { [unowned self] isReadable, _ in if isReadable { receive() } }
        loop.start { [self] now in tick(now) }
        loop.perform { [self] in
            link.begin(remote, certificate: certificate, isLite: false, at: MonotonicClock.now())
        }
    }

    private func receive() {
        let now = MonotonicClock.now()
        _ = inbox.receive(from: link.socket, capturing: Self.whole, withSource: !link.isConnected) { arrival in
            guard let first = arrival.bytes.first else { return }
            guard first & 0xC0 == 0x80 else {
                return link.receive(Array(arrival.bytes), from: arrival.source, responder, at: now)
            }
            for packet in link.open(UnsafeRawBufferPointer(arrival.bytes), with: scratch) { take(packet) }
        }
    }

    private func take(_ packet: RTCPPacket) {
        switch packet {
        case .keyFrameRequest:
            count.keyFrameRequests += 1
            wantsKeyFrame = true
        case .nack(let media, let lost) where media == sources.video:
            count.nacked += UInt64(lost.count)
            for sequence in lost { resend(sequence) }
        default: break
        }
    }

    private func tick(_ now: MonotonicTime) -> MonotonicTime {
        link.advance(at: now)
        let poll = now.advanced(byMilliseconds: Self.linkMilliseconds)
        guard link.isConnected, sealing != nil else { return poll }
        if video != nil, now.nanoseconds >= nextFrame { sendFrame(at: now) }
        if audio != nil, now.nanoseconds >= nextTone { sendTone() }
        if now >= nextReport { report(at: now) }
        return MonotonicTime(nanoseconds: min(nextFrame, nextTone, poll.nanoseconds))
    }

    private func sendFrame(at now: MonotonicTime) {
        if now.nanoseconds - nextFrame > Self.maximumDelay {
            let late = (now.nanoseconds - nextFrame) / source.frameNanoseconds
            nextFrame += late * source.frameNanoseconds
            count.skippedFrames += UInt64(late)
        }
        nextFrame += source.frameNanoseconds
        let payloads = source.next(wantsKeyFrame: wantsKeyFrame)
        if wantsKeyFrame { count.keyFrames += 1 }
        wantsKeyFrame = false
        let timestamp = frames &* source.frameTicks
        frames &+= 1
        for (number, payload) in payloads.enumerated() {
            guard let index = video?.index,
                var packet = video?.packet(payload, timestamp: timestamp, isLast: number + 1 == payloads.count)
            else { return }
            packet.withUnsafeMutableBytes { bytes in
                let body = UnsafeMutableRawBufferPointer(rebasing: bytes[PublishedTrack.headerBytes...])
                source.willSend(body, packet: number, of: payloads.count, at: MonotonicClock.now())
            }
            send(packet, rolloverCounter: index >> 16)
            history.note(packet, sequence: UInt16(truncatingIfNeeded: index))
        }
    }

    private func sendTone() {
        nextTone += Self.audioNanoseconds
        guard let payload = tone.next(), let index = audio?.index else { return }
        let timestamp = UInt32(truncatingIfNeeded: tones) &* UInt32(Tone.frameSamples)
        guard var packet = audio?.packet(payload, timestamp: timestamp, isLast: false) else { return }
        packet.withUnsafeMutableBytes { bytes in
            AudioStamp(sentAt: MonotonicClock.now().nanoseconds, number: tones).write(to: bytes)
        }
        tones += 1
        send(packet, rolloverCounter: index >> 16)
    }

    private func send(_ packet: [UInt8], rolloverCounter: UInt32) {
        let (header, payload) = (packet[..<PublishedTrack.headerBytes], packet[PublishedTrack.headerBytes...])
        guard
            let sealed = sealing?.seal(
                header: header, prefix: nil, payload: payload, rolloverCounter: rolloverCounter)
        else { return }
        note(link.socket.send(sealed), sealed.count)
    }

    private func note(_ isSent: Bool, _ bytes: Int) {
        guard isSent else {
            count.refusedSends += 1
            return
        }
        count.packets += 1
        count.bytes += UInt64(bytes)
    }

    /// As RFC 4588 has it where that was agreed on, or else once more as it was.
    private func resend(_ sequence: UInt16) {
        guard let packet = history.packet(sequence), let newest = video?.index else { return }
        count.resent += 1
        let payload = packet[PublishedTrack.headerBytes...]
        guard let index = repair?.index, let timestamp = RTPHeader(packet)?.timestamp,
            let header = repair?.packet([], timestamp: timestamp, isLast: packet[1] & 0x80 != 0)
        else {
            let behind = UInt32(UInt16(truncatingIfNeeded: newest) &- sequence)
            return send(packet, rolloverCounter: (newest &- behind) >> 16)
        }
        guard
            let sealed = sealing?.seal(
                header: header[...], prefix: sequence, payload: payload, rolloverCounter: index >> 16)
        else { return }
        note(link.socket.send(sealed), sealed.count)
    }

    /// RFC 3550, section 6.4.1: ties both clocks to the one on the wall, so that a relay can keep them together.
    private func report(at now: MonotonicTime) {
        nextReport = now.advanced(byMilliseconds: Self.reportMilliseconds)
        let wall = now.nanoseconds + MonotonicClock.wallLead()
        let seconds = UInt64(wall / 1_000_000_000) + 2_208_988_800  // from 1900 on
        let fraction = (UInt64(wall % 1_000_000_000) << 32) / 1_000_000_000
        var compound = RTCPCompound()
        for (track, clock) in [(video, frames &* source.frameTicks), (audio, UInt32(truncatingIfNeeded: tones) &* 960)]
        {
            guard let track else { continue }
            compound.senderReport(
                SenderReport(
                    ssrc: track.ssrc, ntp: seconds << 32 | fraction, rtp: clock, packets: track.packets,
                    payloadBytes: track.payloadBytes))
            compound.canonicalName("vitrine-load", of: track.ssrc)
        }
        link.send(compound, with: scratch, at: now)
    }
}
