/// What one file can be that holds several parts: its container, and the codecs and size that all of them must have.
///
/// A track has one codec: packets of another would be taken for what they are not. VP8, VP9 and AV1 say their size with
/// each key frame, so it may change; H.264 in mp4 says it once.
struct MediaTarget: Equatable, Sendable {
    let format: RecordingFormat
    let videoCodec: String
    /// Nil when no part has sound.
    let audioCodec: String?
    private static let written: Set = ["vp8", "vp9", "av1", "h264"]

    private let width: Int
    private let height: Int
    private let profile: String
    private let rotation: Int
    private let sampleRate: Int
    private let channels: Int

    /// Takes what most of the time is in already, so that the least is encoded again.
    init(joining parts: [MediaFacts]) {
        let isOne = Set(parts.map(\.videoCodec)).count == 1
        var lengths: [String: Int64] = [:]
        // What can't be written here is kept only where nothing has to become like it.
        for part in parts where isOne || Self.written.contains(part.videoCodec) {
            lengths[part.videoCodec, default: 0] += max(1, part.durationMS)
        }
        let codec = lengths.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? "h264"
        // One file turns its whole picture or nothing of it: where parts differ, what is turned is turned for good.
        let isTurned = Set(parts.map(\.rotation)).count == 1
        let leader =
            parts.filter { $0.videoCodec == codec && (isTurned || $0.rotation == 0) }
            .max { $0.durationMS < $1.durationMS } ?? parts.first { $0.videoCodec == codec }
        rotation = isTurned ? parts.first?.rotation ?? 0 : 0
        let heard = leader?.audioCodec != nil ? leader : parts.first { $0.audioCodec != nil }
        (sampleRate, channels) = (heard?.sampleRate ?? 48_000, heard?.channels ?? 1)
        let isWebM = ["vp8", "vp9", "av1"].contains(codec)
        format = isWebM ? .webm : .mp4
        videoCodec = codec
        (width, height) = (leader?.width ?? 0, leader?.height ?? 0)
        profile = leader?.profile ?? ""
        let sound = parts.compactMap(\.audioCodec)
        let fitting = leader?.audioCodec ?? sound.first
        audioCodec = fitting.map { isWebM ? ($0 == "vorbis" && Set(sound).count == 1 ? $0 : "opus") : $0 }
    }

    /// Whether a part can be joined as it is.
    func holds(_ part: MediaFacts) -> Bool {
        guard part.videoCodec == videoCodec, part.audioCodec == nil || part.audioCodec == audioCodec else {
            return false
        }
        guard format == .mp4 else { return true }
        // mp4 says these once for the whole track.
        let isSameSound = part.audioCodec == nil || (part.sampleRate == sampleRate && part.channels == channels)
        return part.width == width && part.height == height && part.profile == profile && part.rotation == rotation
            && isSameSound
    }

    /// ffmpeg's options for a part that can't. Quick rather than small: it is done beside a server's own work.
    var encoding: [String] {
        let size =
            width > 0 && height > 0
            ? [
                "-vf",
                "scale=\(width):\(height):force_original_aspect_ratio=decrease,pad=\(width):\(height):-1:-1,setsar=1",
            ]
            : []
        return size + videoEncoding + ["-c:a", soundEncoder]
            + (format == .mp4 && sampleRate > 0 ? ["-ar", "\(sampleRate)", "-ac", "\(max(1, channels))"] : [])
    }

    var soundEncoder: String {
        switch audioCodec {
        case "aac", nil: format == .mp4 ? "aac" : "libopus"
        case "vorbis": "libvorbis"
        default: "libopus"
        }
    }

    private var videoEncoding: [String] {
        switch videoCodec {
        case "vp8": ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "6", "-b:v", "2500k", "-g", "120"]
        case "vp9": ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "2000k", "-g", "120"]
        case "av1": ["-c:v", "libaom-av1", "-usage", "realtime", "-cpu-used", "9", "-b:v", "2000k", "-g", "120"]
        default: ["-c:v", "libx264", "-preset", "veryfast", "-crf", "22", "-pix_fmt", "yuv420p"] + h264Profile
        }
    }

    private var h264Profile: [String] {
        let names = ["constrained baseline": "baseline", "baseline": "baseline", "main": "main", "high": "high"]
        return names[profile.lowercased()].map { ["-profile:v", $0] } ?? []
    }
}
