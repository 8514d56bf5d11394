import DTLS
import ICE
import Net
import SRTP
import TestSupport
import Wire

@testable import SFU

/// Everything that takes bytes of the network: the fuzzer's way in, and the way of the corpus in the unit tests.
public enum FuzzTarget: String, CaseIterable, Sendable {
    case stun, rtp, rtcp, sdp, demux, whip, frames, srtcp

    /// Must neither trap nor hang, whatever the bytes are.
    public func run(_ bytes: [UInt8]) {
        switch self {
        case .stun: Self.runSTUN(bytes)
        case .rtp: Self.runRTP(bytes)
        case .rtcp: Self.runRTCP(bytes)
        case .sdp: _ = try? SessionDescription(parsing: String(decoding: bytes, as: UTF8.self)).text
        case .demux: Self.runDemux(bytes)
        case .whip: Self.runWHIP(bytes)
        case .frames: Self.runFrames(bytes)
        case .srtcp: Self.runSRTCP(bytes)
        }
    }

    private static func runSTUN(_ bytes: [UInt8]) {
        guard let source = SocketAddress("192.0.2.1", port: 9) else { return }
        _ = ICELiteResponder().receive(bytes, from: source) { _ in "VOkJxbRl1RmTxUk/WvJxBt" }
    }

    private static func runRTP(_ bytes: [UInt8]) {
        guard let header = RTPHeader(bytes) else { return }
        for id: UInt8 in [1, 3, 14] { _ = header.extensionWord(id: id, in: bytes.span) }
        let track = MediaTrack(
            kind: .video, codec: Codec(name: "VP8/90000", parameters: nil), sources: MediaSources(media: 1, repair: 2))
        let payload = bytes[header.headerBytes..<header.headerBytes + header.payloadBytes]
        for codec in VideoCodec.allCases { _ = codec.beginsKeyFrame(Array(payload).span) }
        payload.withUnsafeBytes { _ = track.receive(header, payload: $0, at: MonotonicTime(nanoseconds: 1)) }
        _ = track.advance(at: MonotonicTime(nanoseconds: 1_000_000_000))
        var plan = SendPlan()
        plan.fill(from: track.feed, track.feed.start..<max(track.feed.start, track.feed.ring.end))
    }

    private static func runRTCP(_ bytes: [UInt8]) {
        for packet in RTCPPacket.parse(bytes) {
            if case .nack(let media, let lost) = packet {
                var compound = RTCPCompound()
                compound.nack(sender: 1, media: media, lost: lost)
            }
        }
    }

    /// The offer of an encoder, and the answer of a viewer.
    private static func runWHIP(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        _ = try? Negotiation.answer(text)
        let digest = [UInt8](repeating: 0xAB, count: 32)
        guard let negotiation = try? Negotiation(offer: text), let fingerprint = Fingerprint(.sha256, digest: digest)
        else { return }
        let local = LocalPeer(
            id: .random(), credentials: ICECredentials(usernameFragment: "u", password: "p"), fingerprint: fingerprint,
            candidates: [],
            sessionID: 1)
        _ = negotiation.answer(local, direction: .recvonly)
        _ = negotiation.announcedSources
        let codecs = Dictionary(negotiation.tracks.map { ($0.kind, $0.codec) }, uniquingKeysWith: { first, _ in first })
        _ = try? Negotiation(offer: text, wanted: codecs)
    }

    private static func runFrames(_ bytes: [UInt8]) {
        var decoder = FrameDecoder()
        let middle = bytes.count / 2
        for part in [bytes[..<middle], bytes[middle...]] {
            try? part.withUnsafeBytes { try decoder.receive($0) { _ in } }
        }
    }

    private static let keys = SRTPKeys(
        profile: .aeadAES128GCM, local: [UInt8](repeating: 1, count: 28), remote: [UInt8](repeating: 2, count: 28))

    private static let session = try? SRTCPSession(keys)
    /// One thread at a time, as with all of these.
    nonisolated(unsafe) private static let scratch = try? SRTCPScratch()
    nonisolated(unsafe) private static let uplink = try? UplinkSession(keys)

    private static func runSRTCP(_ bytes: [UInt8]) {
        guard var session, let uplink, let scratch else { return }
        _ = try? session.open(bytes, with: scratch)
        var (rtp, rtcp) = (bytes, bytes)
        _ = rtp.withUnsafeMutableBytes { uplink.open($0, isRTCP: false) }
        _ = rtcp.withUnsafeMutableBytes { uplink.open($0, isRTCP: true) }
    }

    /// A whole relay takes it, from a stranger and from a peer's address.
    private static func runDemux(_ bytes: [UInt8]) {
        guard let relay = FuzzedRelay.shared else { preconditionFailure("a relay to fuzz can't be made") }
        relay.receive(bytes)
    }
}
