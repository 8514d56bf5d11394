/// A video codec, as far as a relay looks into its packets: to tell where a decoder can begin.
package enum VideoCodec: String, Sendable, CaseIterable {
    case vp8 = "VP8"
    case h264 = "H264"
    case vp9 = "VP9"
    case av1 = "AV1"

    /// Whether this payload begins a key frame. Never traps: what can't be read begins nothing.
    package func beginsKeyFrame(_ payload: Span<UInt8>) -> Bool {
        switch self {
        case .vp8: Self.beginsVP8KeyFrame(payload)
        case .h264: Self.beginsH264KeyFrame(payload)
        case .vp9: Self.beginsVP9KeyFrame(payload)
        case .av1: payload.count > 1 && payload[0] & 0x08 != 0  // AV1's RTP format, section 4.4: N, a new sequence
        }
    }

    /// RFC 7741, sections 4.2 and 4.3: the first packet of partition 0, whose payload header has P = 0.
    private static func beginsVP8KeyFrame(_ payload: Span<UInt8>) -> Bool {
        guard let descriptor = VP8Descriptor(payload), descriptor.beginsPicture else { return false }
        return payload.count > descriptor.bytes && payload[descriptor.bytes] & 0x01 == 0
    }

    /// RFC 6184, section 5: a sequence parameter set (7) or an IDR slice (5), alone, in a STAP-A (24), or as the first
    /// part of an FU-A (28).
    private static func beginsH264KeyFrame(_ payload: Span<UInt8>) -> Bool {
        guard payload.count > 1 else { return false }
        switch payload[0] & 0x1F {
        case 5, 7: return true
        case 24:
            var offset = 1
            while offset + 2 < payload.count {
                let type = payload[offset + 2] & 0x1F
                if type == 5 || type == 7 { return true }
                offset += 2 + (Int(payload[offset]) << 8 | Int(payload[offset + 1]))
            }
            return false
        case 28: return payload[1] & 0x80 != 0 && [5, 7].contains(payload[1] & 0x1F)
        default: return false
        }
    }

    /// RFC 9628, section 4.2: the start of a frame (B) that is not predicted from another (P = 0), on the lowest layer.
    private static func beginsVP9KeyFrame(_ payload: Span<UInt8>) -> Bool {
        guard payload.count > 1, payload[0] & 0x40 == 0, payload[0] & 0x08 != 0 else { return false }
        guard payload[0] & 0x20 != 0 else { return true }
        var offset = 1
        if payload[0] & 0x80 != 0 { offset += payload[1] & 0x80 != 0 ? 2 : 1 }
        return payload.count > offset && payload[offset] >> 1 & 0x07 == 0
    }
}
