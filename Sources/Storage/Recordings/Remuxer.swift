internal import Foundation
internal import Logging
internal import Wire

/// Makes a seekable file of what a browser recorded: with an index, a duration, and the gaps between its parts.
///
/// The bytes are copied, not encoded again. ffmpeg reads them with the one reader that fits their type, and nothing
/// but local files: what an uploaded file says can't make it open anything else.
struct Remuxer: Sendable {
    /// A part with the recorder's omissions mended.
    private struct Part {
        let path: String
        let startMS: Int64
        let facts: MediaFacts
    }

    let ffmpeg: MediaProgram
    let ffprobe: MediaProgram
    let logger: Logger

    /// Makes `<scratch>/whole.<ext>` from the upload's bytes at `path`. Returns its path and its length.
    func remux(_ upload: Upload, at path: String, scratch: String) async throws -> (path: String, durationMS: Int64) {
        var parts = try await mend(upload, at: path, scratch: scratch)
        guard let first = parts.first else { throw MediaProgram.Failed(reason: "nothing of it can be read") }
        // A track has one codec: packets of another would be taken for what they are not.
        guard Set(parts.map(\.facts.videoCodec)).count == 1, Set(parts.compactMap(\.facts.audioCodec)).count <= 1
        else { throw MediaProgram.Failed(reason: "its parts don't have the same codecs") }
        if parts.count == 1, first.startMS == 0 { return (first.path, first.facts.durationMS) }
        if first.facts.audioCodec == nil, parts.contains(where: { $0.facts.audioCodec != nil }) {
            parts[0] = try await addSilence(to: first, upload.format, scratch: scratch)
        }
        let whole = "\(scratch)/whole.\(upload.format.fileExtension)"
        try await join(parts, upload.format, scratch: scratch, to: whole)
        return (whole, try await facts(of: whole).durationMS)
    }

    /// Of a whole replay, in milliseconds.
    func duration(of path: String) async throws -> Int64 { try await facts(of: path).durationMS }

    /// Each part as a file of its own. One that can't be read is left out: a reload may end it before its first
    /// picture, and the others are no worse for it.
    private func mend(_ upload: Upload, at path: String, scratch: String) async throws -> [Part] {
        var parts: [Part] = []
        var start: Int64 = 0
        for (number, part) in upload.parts.enumerated() {
            let output = "\(scratch)/part\(number).\(upload.format.fileExtension)"
            let source = "subfile,,start,\(start),end,\(start + part.sizeBytes),,:\(path)"
            start += part.sizeBytes
            do {
                try await copy(
                    ["-f", upload.format.demuxer, "-protocol_whitelist", "file,subfile", "-i", source],
                    to: output, upload.format)
                parts.append(Part(path: output, startMS: part.startMS, facts: try await facts(of: output)))
            } catch let error as MediaProgram.Failed {
                logger.warning(
                    "a part of a recording can't be read: \(error.reason)",
                    metadata: ["stream": "\(upload.stream)", "part": "\(number)"])
            }
        }
        return parts
    }

    /// The first part decides which tracks the whole has. A moment without a sound is enough to give it one.
    private func addSilence(to part: Part, _ format: RecordingFormat, scratch: String) async throws -> Part {
        let output = "\(scratch)/first.\(format.fileExtension)"
        _ = try await ffmpeg.run(
            [
                "-nostdin", "-v", "error", "-y", "-i", part.path, "-f", "lavfi", "-t", "0.1", "-i",
                "anullsrc=r=48000:cl=mono", "-map", "0:v:0", "-map", "1:a:0", "-c:v", "copy", "-c:a",
                format == .webm ? "libopus" : "aac", "-f", format.rawValue, output,
            ])
        return Part(path: output, startMS: part.startMS, facts: part.facts)
    }

    /// Puts the parts where they began on the stream's clock, so that the replay's time is the show's. What a part
    /// has beyond the beginning of the next is cut off.
    private func join(_ parts: [Part], _ format: RecordingFormat, scratch: String, to output: String) async throws {
        var list = "ffconcat version 1.0\n"
        for (index, part) in parts.enumerated() {
            list += "file '\(URL(fileURLWithPath: part.path).lastPathComponent)'\n"
            guard index + 1 < parts.count else { break }
            let length = Self.seconds(parts[index + 1].startMS - part.startMS)
            list += "duration \(length)\noutpoint \(length)\n"
        }
        let listPath = "\(scratch)/parts.txt"
        try await DurableFile(path: listPath).replace(with: Array(list.utf8))
        try await copy(
            [
                "-itsoffset", Self.seconds(parts[0].startMS), "-f", "concat", "-protocol_whitelist", "file",
                "-i", listPath,
            ], to: output, format)
    }

    private static func seconds(_ milliseconds: Int64) -> String {
        let fraction = "000\(milliseconds % 1_000)".suffix(3)
        return "\(milliseconds / 1_000).\(fraction)"
    }

    private func copy(_ input: [String], to output: String, _ format: RecordingFormat) async throws {
        let index = format == .webm ? ["-cues_to_front", "1"] : ["-movflags", "+faststart"]
        _ = try await ffmpeg.run(
            ["-nostdin", "-v", "error", "-y"] + input
                + ["-map", "0:v:0", "-map", "0:a:0?", "-c", "copy"] + index + ["-f", format.rawValue, output])
    }

    private func facts(of path: String) async throws -> MediaFacts {
        let text = try await ffprobe.run(
            [
                "-v", "error", "-protocol_whitelist", "file", "-show_entries",
                "stream=codec_type,codec_name:format=duration", "-of", "json", path,
            ])
        return try MediaFacts(ffprobe: text)
    }
}
