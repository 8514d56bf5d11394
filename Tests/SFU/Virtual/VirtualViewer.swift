import DTLS
import TestSupport
import Testing
import Wire

@testable import SFU

/// Watches: keeps what it gets in the order of its numbers, and asks for what is missing.
final class VirtualViewer: VirtualPeer {
    struct Received {
        let payload: [UInt8]
        let marker: Bool
        let timestamp: UInt32
        let at: MonotonicTime
        let isRepair: Bool
    }

    /// By its sequence number without the wrap.
    private(set) var video: [Int: Received] = [:]
    private(set) var sound = 0
    private(set) var duplicates = 0
    private(set) var repairs = 0
    private(set) var firstVideo: MonotonicTime?
    /// Its part of the handshake takes so long.
    var handshakeDelayMS: Int64 = 0
    private var metAt: MonotonicTime?
    private(set) var senderReports: [SenderReport] = []
    /// Speaks RTX; else what it misses is sent again as it was.
    var takesRepairs = true
    /// What it says its link carries (REMB), in bits a second; 0: nothing.
    var bound: UInt32 = 0
    /// It can ask for packets again.
    var asks = true
    private var missing = MissingPackets()
    /// It says when packets have come.
    var reports = true
    /// It knows of transport-wide numbers; else it only says how much it has lost.
    var speaksTransport = true
    private var received = 0
    private var first: Int?
    private var lastBlock: MonotonicTime?
    private var arrivals = TransportFeedback()
    private var lastArrivals: MonotonicTime?
    private(set) var bytes = 0
    /// With padding alone in them.
    private(set) var probes = 0
    private var highest: Int?
    private var mediaSSRC: UInt32 = 0
    private var lastAsked: MonotonicTime?

    init(_ address: SocketAddress, certificate: DTLSCertificateBox) throws {
        try super.init(address, certificate: certificate.certificate)
    }

    /// The answer to the relay's offer.
    func answer(to offer: String) throws -> String {
        let description = try SessionDescription(parsing: offer)
        var text =
            "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=fingerprint:\(certificate.fingerprint)\r\n"
        text += "a=ice-ufrag:\(localFragment)\r\na=ice-pwd:\(localPassword)\r\n"
        for media in description.media {
            let formats = takesRepairs ? media.formats : Array(media.formats.prefix(1))
            text += "m=\(media.kind) 9 UDP/TLS/RTP/SAVPF \(formats.joined(separator: " "))\r\n"
            if speaksTransport { for line in media.values("extmap") { text += "a=extmap:\(line)\r\n" } }
            text += "a=mid:\(media.value("mid") ?? "")\r\na=recvonly\r\na=setup:active\r\n"
        }
        return text
    }

    override func receivePacket(_ packet: [UInt8], at now: MonotonicTime) {
        guard let header = RTPHeader(packet) else { return }
        bytes += packet.count + 44  // with SRTP's tag and the network's headers
        if let number = header.extensionWord(id: Self.transportExtension, in: packet.span) {
            arrivals.receive(number, at: now)
        }
        let payload = Array(packet[header.headerBytes..<header.headerBytes + header.payloadBytes])
        switch header.payloadType {
        case 111: sound += 1
        case 97:
            repairs += 1
            guard payload.count >= 2 else { return probes += 1 }
            let original = payload.span.word16(at: 0)
            keep(original, Array(payload.dropFirst(2)), header, isRepair: true, at: now)
        default:
            mediaSSRC = header.ssrc
            keep(header.sequenceNumber, payload, header, isRepair: false, at: now)
        }
    }

    private func keep(
        _ sequence: UInt16, _ payload: [UInt8], _ header: RTPHeader, isRepair: Bool, at now: MonotonicTime
    ) {
        firstVideo = firstVideo ?? now
        missing.receive(sequence, at: now)
        let last = highest ?? Int(sequence)
        let index = last + Int(Int16(truncatingIfNeeded: Int(sequence) - last))
        highest = max(last, index)
        first = first ?? index
        if !isRepair { received += 1 }
        if video[index] != nil { duplicates += 1 }
        video[index] =
            video[index]
            ?? Received(
                payload: payload, marker: header.marker, timestamp: header.timestamp, at: now, isRepair: isRepair)
    }

    override func tick(at now: MonotonicTime) {
        metAt = metAt ?? now
        if let metAt, now.milliseconds(since: metAt) < handshakeDelayMS { return }
        super.tick(at: now)
        guard isConnected else { return }
        report(at: now)
        guard asks else { return }
        let lost = missing.due(at: now)
        if !lost.isEmpty {
            var compound = RTCPCompound()
            compound.receiverReport(sender: 1)
            compound.nack(sender: 1, media: mediaSSRC, lost: lost)
            sendReport(compound)
        } else if lastAsked.map({ now.milliseconds(since: $0) > 1_000 }) ?? true {
            lastAsked = now
            var compound = RTCPCompound()
            compound.receiverReport(sender: 1)
            sendReport(compound)
        }
    }

    private static let transportExtension: UInt8 = 3

    private func report(at now: MonotonicTime) {
        if bound > 0, lastBound.map({ now.milliseconds(since: $0) >= 200 }) ?? true { sayBound(at: now) }
        if !speaksTransport, lastBlock.map({ now.milliseconds(since: $0) >= 1_000 }) ?? true { sayLoss(at: now) }
        guard reports, speaksTransport, lastArrivals.map({ now.milliseconds(since: $0) >= 60 }) ?? true else { return }
        lastArrivals = now
        while let report = arrivals.build(sender: 1, media: mediaSSRC) {
            var compound = RTCPCompound()
            compound.append(report)
            sendReport(compound)
        }
    }

    private func sayLoss(at now: MonotonicTime) {
        lastBlock = now
        guard let highest, let first else { return }
        var compound = RTCPCompound()
        compound.receiverReport(
            sender: 1,
            [
                ReportBlock(
                    ssrc: mediaSSRC, fractionLost: 0, cumulativeLost: Int32(highest - first + 1 - received),
                    highestSequence: UInt32(highest), jitter: 0, lastReport: 0, delay: 0)
            ])
        sendReport(compound)
    }

    private var lastBound: MonotonicTime?

    private func sayBound(at now: MonotonicTime) {
        lastBound = now
        var exponent: UInt32 = 0
        while bound >> exponent > 0x3_FFFF { exponent += 1 }
        let word = 1 << 24 | exponent << 18 | bound >> exponent
        let bytes = [UInt32(1), 0, 0x5245_4D42, word, mediaSSRC].flatMap { value in
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
        }
        var compound = RTCPCompound()
        compound.append([0x8F, 206, 0, 5] + bytes)
        sendReport(compound)
    }

    func sayGoodbye() {
        var compound = RTCPCompound()
        compound.receiverReport(sender: 1)
        compound.append([0x81, 203, 0, 1, 0, 0, 0, 1])
        sendReport(compound)
    }

    func askForKeyFrame() {
        var compound = RTCPCompound()
        compound.pictureLossIndication(sender: 1, media: mediaSSRC)
        sendReport(compound)
    }

    func ask(for sequences: [UInt16]) {
        var compound = RTCPCompound()
        compound.nack(sender: 1, media: mediaSSRC, lost: sequences)
        sendReport(compound)
    }

    override func receiveReport(_ packet: [UInt8], at now: MonotonicTime) {
        for case .senderReport(let report, _) in RTCPPacket.parse(packet) { senderReports.append(report) }
    }
}
