import DTLS
import SRTP
import TestSupport
import Testing
import Wire

@testable import SFU

/// Publishes 30 frames a second of some packets each, and Opus-like packets beside them; answers NACK and PLI.
final class VirtualPublisher: VirtualPeer {
    static let ssrc: UInt32 = 0x1111
    static let audioSSRC: UInt32 = 0x2222

    private let packetsPerFrame: Int
    private var sealer: PublisherSealer?
    private(set) var sent: [UInt16: [UInt8]] = [:]
    /// Payloads in the order in which they were sent first.
    private(set) var payloads: [[UInt8]] = []
    private var sequence: UInt16 = 65_000
    private var audioSequence: UInt16 = 100
    private var transportSequence: UInt16 = 65_500
    private var frames = 0
    private var wantsKeyFrame = true
    /// How an encoder answers who asks for a key frame; nil: not at all.
    var keyFrameDelayMS: Int64? = 0
    private(set) var keyFrameRequests: [MonotonicTime] = []
    private var keyFrameDue: MonotonicTime?
    /// Of the picture; another one after `beginAnew`.
    private var videoSSRC = ssrc
    /// Sends what is asked for again in packets of their own (RFC 4588), with this payload type.
    var repairPayloadType: UInt8?
    private var repairSequence: UInt16 = 7
    private var unsealed: [UInt16: (header: [UInt8], payload: [UInt8])] = [:]
    /// VP8 in three temporal layers, with picture ids, as the studio sends it.
    var isLayered = false
    private static let layers: [UInt8] = [0x00, 0xA0, 0x60, 0x80]
    /// Codec and parameters of the offer's picture.
    var codec = "VP8/90000"
    private(set) var keyFrames = 0
    private(set) var nacks = 0
    private(set) var reports: [RTCPPacket] = []
    private(set) var transportReports = 0

    init(_ address: SocketAddress, certificate: DTLSCertificateBox, packetsPerFrame: Int = 9) throws {
        self.packetsPerFrame = packetsPerFrame
        try super.init(address, certificate: certificate.certificate)
    }

    /// Changed by an ICE restart.
    var fragment = "virt"

    var offer: String {
        """
        v=0\r
        o=- \(address.hashValue.magnitude) 1 IN IP4 0.0.0.0\r
        s=-\r
        t=0 0\r
        a=ice-ufrag:\(fragment)\r
        a=ice-pwd:\(localPassword)\r
        a=fingerprint:\(certificate.fingerprint)\r
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r
        a=mid:0\r
        a=rtpmap:111 opus/48000/2\r
        m=video 9 UDP/TLS/RTP/SAVPF 100\(repairPayloadType.map { " \($0)" } ?? "")\r
        a=mid:1\r
        a=rtpmap:100 \(codec)\r
        \(repairPayloadType.map { "a=rtpmap:\($0) rtx/90000\r\na=fmtp:\($0) apt=100\r" } ?? "a=rtcp-mux\r")
        a=extmap:3 \(Negotiation.transportExtensionURI)\r
        a=ssrc:\(Self.ssrc) cname:x\r

        """
    }

    override func connected(_ keys: SRTPKeys) throws { sealer = try PublisherSealer(keys) }

    /// Sends one frame, and 20 ms of sound every other time.
    func sendFrame(at now: MonotonicTime = MonotonicTime(nanoseconds: .max), using generator: inout SeededGenerator) {
        let isKey = wantsKeyFrame || keyFrameDue.map { $0 <= now } ?? false
        if isKey { keyFrameDue = nil }
        if isKey { keyFrames += 1 }
        wantsKeyFrame = false
        for number in 0..<packetsPerFrame {
            // RFC 7741: S of partition 0 in the first packet, P = 0 in a key frame.
            var payload = descriptor(begins: number == 0, isKey: isKey) + [isKey ? 0 : 1]
            payload += generator.bytes(Int.random(in: 900...1_100, using: &generator))
            sendPacket(payload, marker: number == packetsPerFrame - 1)
        }
        frames += 1
        if frames % 2 == 0 { sendSound(using: &generator) }
    }

    private var pictureInPattern = 0

    private func descriptor(begins: Bool, isKey: Bool) -> [UInt8] {
        guard isLayered else { return [begins ? 0x10 : 0x00] }
        if begins { pictureInPattern = isKey ? 0 : pictureInPattern + 1 }
        let id = UInt16(frames) & 0x7FFF
        return [
            begins ? 0x90 : 0x80, 0xE0, 0x80 | UInt8(id >> 8), UInt8(id & 0xFF), UInt8(truncatingIfNeeded: frames / 4),
            Self.layers[pictureInPattern % 4],
        ]
    }

    private func sendPacket(_ payload: [UInt8], marker: Bool) {
        let header = header(
            payloadType: 100, marker: marker, sequence: sequence, timestamp: UInt32(frames) * 3_000, ssrc: videoSSRC,
            transport: transportSequence)
        transportSequence &+= 1
        payloads.append(payload)
        guard let sealed = sealer?.seal(header, payload) else { return }
        sent[sequence] = sealed
        unsealed[sequence] = (header, payload)
        sequence &+= 1
        outbox.append(sealed)
    }

    /// A packet of any payload in the picture's place, which ends a frame.
    func send(_ payload: [UInt8], marker: Bool = true) { sendPacket(payload, marker: marker) }

    /// The next frame has another time.
    func nextFrame() { frames += 1 }

    /// Padding and nothing else, to try out the network's rate.
    func sendProbe() {
        var header = header(
            payloadType: 100, marker: false, sequence: sequence, timestamp: UInt32(frames) * 3_000, ssrc: videoSSRC,
            transport: nil)
        header[0] |= 0x20
        sequence &+= 1
        if let sealed = sealer?.seal(header, [UInt8](repeating: 0, count: 99) + [100]) { outbox.append(sealed) }
    }

    /// The encoder begins again in the same session, as another source.
    func beginAnew() {
        videoSSRC = 0x3333
        sequence = 12_345
        wantsKeyFrame = true
    }

    func wantKeyFrame() { wantsKeyFrame = true }

    func sayGoodbye() {
        var compound = RTCPCompound()
        compound.receiverReport(sender: videoSSRC)
        let sources = [videoSSRC, Self.audioSSRC].flatMap { ssrc in
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: ssrc >> UInt32($0)) }
        }
        compound.append([0x82, 203, 0, 2] + sources)
        sendReport(compound)
    }

    private func repair(_ lost: UInt16) -> [UInt8]? {
        guard let repairPayloadType else { return sent[lost] }
        guard var (header, payload) = unsealed[lost] else { return nil }
        header[1] = header[1] & 0x80 | repairPayloadType
        (header[2], header[3]) = (UInt8(repairSequence >> 8), UInt8(repairSequence & 0xFF))
        for (offset, byte) in [UInt8(0), 0, 0x44, 0x44].enumerated() { header[8 + offset] = byte }
        repairSequence += 1
        payload = [UInt8(lost >> 8), UInt8(lost & 0xFF)] + payload
        return sealer?.seal(header, payload)
    }

    private func sendSound(using generator: inout SeededGenerator) {
        let header = header(
            payloadType: 111, marker: false, sequence: audioSequence, timestamp: UInt32(frames) * 1_600,
            ssrc: Self.audioSSRC, transport: nil)
        audioSequence &+= 1
        if let sealed = sealer?.seal(header, generator.bytes(80)) { outbox.append(sealed) }
    }

    private func header(
        payloadType: UInt8, marker: Bool, sequence: UInt16, timestamp: UInt32, ssrc: UInt32, transport: UInt16?
    ) -> [UInt8] {
        let words = [timestamp, ssrc].flatMap { word in
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) }
        }
        var bytes = [0x80, payloadType | (marker ? 0x80 : 0), UInt8(sequence >> 8), UInt8(sequence & 0xFF)] + words
        if let transport {
            bytes[0] |= 0x10
            bytes += [0xBE, 0xDE, 0, 1, 0x31, UInt8(transport >> 8), UInt8(transport & 0xFF), 0]
        }
        return bytes
    }

    func sendSenderReports(at now: MonotonicTime) {
        var compound = RTCPCompound()
        let ntp = UInt64(Double(now.nanoseconds) / 1e9 * 4_294_967_296)
        compound.senderReport(
            SenderReport(ssrc: Self.ssrc, ntp: ntp, rtp: UInt32(frames) * 3_000, packets: 0, payloadBytes: 0))
        sendReport(compound)
    }

    override func receiveReport(_ packet: [UInt8], at now: MonotonicTime) {
        for each in RTCPPacket.parse(packet) {
            switch each {
            case .nack(_, let lost):
                nacks += lost.count
                outbox += lost.compactMap(repair)
            case .keyFrameRequest:
                keyFrameRequests.append(now)
                if let keyFrameDelayMS { keyFrameDue = keyFrameDue ?? now.advanced(byMilliseconds: keyFrameDelayMS) }
            case .receiverReport: reports.append(each)
            case .transportFeedback: transportReports += 1
            default: break
            }
        }
    }
}

/// A `RTPSealer` that a class can hold: rollover counted by the sequence numbers that pass.
final class PublisherSealer {
    private var sealer: RTPSealer
    private var highest: [UInt32: UInt32] = [:]

    init(_ keys: SRTPKeys) throws { sealer = try RTPSealer(keys) }

    func seal(_ header: [UInt8], _ payload: [UInt8]) -> [UInt8] {
        let sequence = UInt32(header.span.word16(at: 2))
        let ssrc = header.span.word32(at: 8)
        let last = highest[ssrc] ?? sequence
        let index = last &+ UInt32(bitPattern: Int32(Int16(truncatingIfNeeded: sequence &- last)))
        highest[ssrc] = index
        var output = header + [UInt8](repeating: 0, count: payload.count + 16)
        let bytes = output.withUnsafeMutableBytes { output in
            payload.withUnsafeBytes {
                sealer.seal(headerBytes: header.count, payload: $0, rolloverCounter: index >> 16, into: output)
            }
        }
        return Array(output.prefix(bytes))
    }
}
