import Subprocess

@testable import Storage

/// What browsers' recorders make: written to a pipe, so without a duration and without an index.
enum RecordedMedia {
    static func webm(seconds: Int, video: String = "libvpx", hasSound: Bool = true) async throws -> [UInt8] {
        try await make(
            seconds, hasSound: hasSound,
            ["-c:v", video, "-deadline", "realtime", "-c:a", "libopus", "-f", "webm", "-live", "1"])
    }

    static func mp4(seconds: Int) async throws -> [UInt8] {
        try await make(
            seconds, hasSound: true,
            [
                "-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-c:a", "aac", "-f", "mp4", "-movflags",
                "frag_keyframe+empty_moov+default_base_moof",
            ])
    }

    private static func make(_ seconds: Int, hasSound: Bool, _ coding: [String]) async throws -> [UInt8] {
        var arguments = ["-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x120:rate=15"]
        if hasSound { arguments += ["-f", "lavfi", "-i", "sine=440"] }
        arguments += ["-t", "\(seconds)", "-g", "15"] + coding + ["pipe:1"]
        return try await run(
            .name("ffmpeg"), arguments: Arguments(arguments), output: .bytes(limit: 8 << 20), error: .discarded
        ).standardOutput
    }

    /// When the packets of the file's first track of this kind are shown, in seconds, as they lie in the file.
    static func times(of kind: String, in replay: ReplayFile) async throws -> [Double] {
        let result = try await run(
            .name("ffprobe"),
            arguments: [
                "-v", "error", "-select_streams", kind, "-show_entries", "packet=pts_time", "-of", "csv=p=0",
                replay.path,
            ], output: .string(limit: 1 << 20), error: .discarded)
        return result.standardOutput.split(separator: "\n").compactMap { Double($0.prefix { $0 != "," }) }
    }
}
