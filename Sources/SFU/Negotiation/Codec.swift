import Foundation
import Wire

/// A codec as SDP names it, with its parameters.
struct Codec: Equatable, Sendable {
    /// What the relay forwards, in words.
    static let forwarded = "VP8, H264, VP9 and AV1 at 90000 Hz; opus at 48000 Hz"
    private static let maximumParameterSets = 8

    /// `VP8/90000`, `opus/48000/2`
    let name: String
    /// The value of its `fmtp` line, without what can't be passed on.
    let parameters: String?

    init(name: String, parameters: String?) {
        self.name = name
        self.parameters = parameters.flatMap { FormatParameters($0).repaired.text }
    }

    var encoding: String { name.split(separator: "/").first.map { $0.lowercased() } ?? "" }

    var clockRate: UInt32 {
        let parts = name.split(separator: "/")
        return parts.count > 1 ? UInt32(parts[1]) ?? 0 : 0
    }

    var video: VideoCodec? { VideoCodec.allCases.first { $0.rawValue.lowercased() == encoding } }

    /// Whether the relay forwards it as this kind of media. Opus without a number of channels is Opus: nothing else has
    /// this name and clock (RFC 7587, section 7).
    func isForwarded(as kind: MediaKind) -> Bool {
        guard clockRate == kind.clockRate else { return false }
        return kind == .video ? video != nil : encoding == "opus"
    }

    /// How well what a player has offered fits.
    enum Match: Int, Comparable {
        /// The codec's name and nothing more: most decoders play more than their description says.
        case byName
        /// How its packets are formed, too.
        case byMode
        case exact

        static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }
    }

    /// Nil when it doesn't fit: another name or clock, or for VP9 and AV1 another profile, which is another format.
    func match(_ other: Codec) -> Match? {
        guard encoding == other.encoding, clockRate == other.clockRate else { return nil }
        let (mine, theirs) = (FormatParameters(parameters), FormatParameters(other.parameters))
        switch video {
        case .h264:
            guard mine.packetizationMode == theirs.packetizationMode else { return .byName }
            return mine.h264Profile == theirs.h264Profile ? .exact : .byMode
        case .vp9: return mine["profile-id"] ?? "0" == theirs["profile-id"] ?? "0" ? .exact : nil
        case .av1: return mine["profile"] ?? "0" == theirs["profile"] ?? "0" ? .exact : nil
        case .vp8, nil: return .exact
        }
    }

    /// H.264's parameter sets as the session's description has them (RFC 6184, section 8.1); empty when it has none.
    var parameterSets: [[UInt8]] {
        guard video == .h264, let text = FormatParameters(parameters)["sprop-parameter-sets"] else { return [] }
        return text.split(separator: ",").prefix(Self.maximumParameterSets).compactMap { unit in
            Data(base64Encoded: String(unit)).map { Array($0) }
        }
    }

    /// As players are told of it: parameter sets come with the picture, and may change.
    var forPlayers: Codec {
        Codec(name: name, parameters: FormatParameters(parameters).removing("sprop-parameter-sets").text)
    }

    /// In words, for who has to choose another: `H264 (profile-level-id=640028)`.
    var summary: String {
        guard video == .h264 else { return name }
        return "\(name) (profile-level-id=\(FormatParameters(parameters).profileLevelID ?? "42000A"))"
    }
}
