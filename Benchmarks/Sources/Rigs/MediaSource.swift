@testable import SRTP
@testable import Wire

/// A publisher's packets, sealed as they come from the network: frames of equal video packets, and Opus-like ones.
final class MediaSource {
    static let videoSSRC: UInt32 = 0x1111
    static let audioSSRC: UInt32 = 0x2222
    static let transportURI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
    /// PERFORMANCE: 1,150 bytes behind the header, and Opus of 64 kb/s.
    static let videoBytes = 1_150
    static let audioBytes = 160

    private var sealer: RTPSealer
    private var video: UInt64 = 1_000
    private var audio: UInt64 = 1_000
    private var transport: UInt16 = 0
    private var frames: UInt32 = 0
    private var content: [UInt8]

    init(_ cipher: ViewerCipher) throws {
        sealer = try RTPSealer(cipher.peerKeys(0), home: .openSSL)
        content = (0..<Self.videoBytes).map { UInt8(truncatingIfNeeded: $0 &* 167) }
    }

    static let offer = """
        v=0\r
        o=- 1 1 IN IP4 0.0.0.0\r
        s=-\r
        t=0 0\r
        a=ice-ufrag:bench\r
        a=ice-pwd:the bench's own password\r
        a=fingerprint:sha-256 \(fingerprint)\r
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r
        a=mid:0\r
        a=rtpmap:111 opus/48000/2\r
        m=video 9 UDP/TLS/RTP/SAVPF 100\r
        a=mid:1\r
        a=rtpmap:100 VP8/90000\r
        a=extmap:3 \(transportURI)\r
        a=ssrc:\(videoSSRC) cname:bench\r

        """

    static let fingerprint = Array(repeating: "00", count: 32).joined(separator: ":")

    /// A frame of so many packets, the last with the marker.
    func frame(_ packets: Int, isKey: Bool = false) -> [[UInt8]] {
        frames += 1
        return (0..<packets).map { number in
            // RFC 7741: S of partition 0 in the first packet, P = 0 in a key frame.
            content[0] = number == 0 ? 0x10 : 0
            content[1] = isKey ? 0 : 1
            defer { video += 1 }
            return seal(
                header(
                    payloadType: 100, marker: number == packets - 1, number: video, timestamp: frames * 3_000,
                    ssrc: Self.videoSSRC), content[...], video)
        }
    }

    func sound() -> [UInt8] {
        defer { audio += 1 }
        return seal(
            header(
                payloadType: 111, marker: false, number: audio, timestamp: UInt32(truncatingIfNeeded: audio) &* 960,
                ssrc: Self.audioSSRC), content[..<Self.audioBytes], audio)
    }

    private func header(
        payloadType: UInt8, marker: Bool, number: UInt64, timestamp: UInt32, ssrc: UInt32
    ) -> [UInt8] {
        let words = [timestamp, ssrc].flatMap { word in
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) }
        }
        let sequence = [UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number)]
        guard payloadType == 100 else { return [0x80, payloadType] + sequence + words }
        transport &+= 1
        return [0x90, payloadType | (marker ? 0x80 : 0)] + sequence + words
            + [0xBE, 0xDE, 0, 1, 0x31, UInt8(transport >> 8), UInt8(truncatingIfNeeded: transport), 0]
    }

    private func seal(_ header: [UInt8], _ payload: ArraySlice<UInt8>, _ number: UInt64) -> [UInt8] {
        var output = header + [UInt8](repeating: 0, count: payload.count + sealer.overheadBytes)
        let bytes = output.withUnsafeMutableBytes { output in
            payload.withUnsafeBytes {
                sealer.seal(
                    headerBytes: header.count, payload: $0, rolloverCounter: UInt32(truncatingIfNeeded: number >> 16),
                    into: output)
            }
        }
        precondition(bytes == output.count)
        return output
    }
}
