import Foundation
import Wire

/// A codec as SDP names it, with its parameters.
struct Codec: Equatable, Sendable {
    /// `VP8/90000`, `opus/48000/2`
    let name: String
    /// The value of its `fmtp` line.
    let parameters: String?

    private static let forwarded = VideoCodec.allCases.map { $0.rawValue.lowercased() }

    var encoding: String { name.split(separator: "/").first.map { $0.lowercased() } ?? "" }

    var clockRate: UInt32 {
        let parts = name.split(separator: "/")
        return parts.count > 1 ? UInt32(parts[1]) ?? 90_000 : 90_000
    }

    var video: VideoCodec? { VideoCodec.allCases.first { $0.rawValue.lowercased() == encoding } }

    /// Whether the relay forwards it as this kind of media.
    func isForwarded(as kind: MediaKind) -> Bool {
        kind == .video ? video != nil : encoding == "opus"
    }

    /// Whether a peer that offers `other` can decode this one: the same name, and for H.264 the same packetization mode
    /// and profile (RFC 6184, section 8.1), for VP9 the same profile.
    func isPlayed(by other: Codec) -> Bool {
        guard name.lowercased() == other.name.lowercased() else { return false }
        switch video {
        case .h264:
            return value("packetization-mode", or: "0") == other.value("packetization-mode", or: "0")
                && value("profile-level-id", or: "42").prefix(2).lowercased()
                    == other.value("profile-level-id", or: "42").prefix(2).lowercased()
        case .vp9: return value("profile-id", or: "0") == other.value("profile-id", or: "0")
        default: return true
        }
    }

    private func value(_ name: String, or standard: String) -> String {
        let pairs = (parameters ?? "").split(separator: ";").map { $0.trimmingPrefix { $0 == " " } }
        return pairs.first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) } ?? standard
    }

    /// H.264's parameter sets as the session's description has them (RFC 6184, section 8.1); empty when it has none.
    var parameterSets: [[UInt8]] {
        guard video == .h264 else { return [] }
        return value("sprop-parameter-sets", or: "").split(separator: ",").compactMap { text in
            Data(base64Encoded: String(text)).map { Array($0) }
        }
    }
}
