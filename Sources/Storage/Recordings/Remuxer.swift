internal import Foundation
internal import Logging
internal import Wire

/// Makes a seekable file of what recorders wrote: with an index, a duration, and the gaps between its parts.
///
/// The bytes are copied where one file can hold them all; parts in other codecs are encoded again. ffmpeg reads them with
/// the one reader that fits their type, and nothing but local files: what an uploaded file says can't make it open
/// anything else.
struct Remuxer: Sendable {
    /// A stretch of a file that a recorder wrote from its start to its end.
    struct Source: Sendable {
        let path: String
        let bytes: Range<Int64>
        let format: RecordingFormat
        /// Where it begins on the stream's clock, in milliseconds.
        let startMS: Int64
        let run: RecordingRun.Key?
    }

    /// What was made.
    struct Replay: Sendable {
        let path: String
        let format: RecordingFormat
        let durationMS: Int64
        /// How long each run was.
        let durationsMS: [RecordingRun.Key: Int64]
    }

    /// A source with the recorder's omissions mended.
    private struct Part {
        var path: String
        let startMS: Int64
        var facts: MediaFacts
        let run: RecordingRun.Key?
    }

    let ffmpeg: MediaProgram
    let ffprobe: MediaProgram
    let logger: Logger

    /// Makes `<scratch>/whole.<ext>` from the sources, which follow each other in time.
    func remux(_ sources: [Source], of stream: StreamID, scratch: String) async throws -> Replay {
        var parts = try await mend(sources, of: stream, scratch: scratch)
        guard let first = parts.first else { throw MediaProgram.Failed(reason: "nothing of it can be read") }
        let durations = Dictionary(
            parts.compactMap { part in part.run.map { ($0, part.facts.durationMS) } }, uniquingKeysWith: max)
        let target = MediaTarget(joining: parts.map(\.facts))
        for index in parts.indices where !target.holds(parts[index].facts) {
            parts[index] = try await encode(parts[index], for: target, number: index, scratch: scratch)
        }
        parts = try await shown(of: parts, target, scratch: scratch)
        if parts.count == 1, first.startMS == 0 {
            return Replay(
                path: parts[0].path, format: target.format, durationMS: parts[0].facts.durationMS,
                durationsMS: durations)
        }
        if parts[0].facts.audioCodec == nil, parts.contains(where: { $0.facts.audioCodec != nil }) {
            parts[0] = try await addSilence(to: parts[0], target, scratch: scratch)
        }
        let whole = "\(scratch)/whole.\(target.format.fileExtension)"
        try await join(parts, target.format, scratch: scratch, to: whole)
        return Replay(
            path: whole, format: target.format, durationMS: try await facts(of: whole).durationMS,
            durationsMS: durations)
    }

    /// Of a whole replay, in milliseconds.
    func duration(of path: String) async throws -> Int64 { try await facts(of: path).durationMS }

    /// Each source as a file of its own. One that can't be read is left out: a reload may end it before its first
    /// picture, and the others are no worse for it.
    private func mend(_ sources: [Source], of stream: StreamID, scratch: String) async throws -> [Part] {
        var parts: [Part] = []
        for (number, source) in sources.enumerated() {
            let input = "subfile,,start,\(source.bytes.lowerBound),end,\(source.bytes.upperBound),,:\(source.path)"
            let reading = ["-f", source.format.demuxer, "-protocol_whitelist", "file,subfile"]
            do {
                let found = try await facts(reading + [input])
                let format = MediaTarget(joining: [found]).format
                let output = "\(scratch)/part\(number).\(format.fileExtension)"
                // Sound that the container can't hold is encoded again.
                let sound = format == .mp4 && found.audioCodec == "vorbis" ? ["-c:a", "aac"] : []
                try await copy(reading + ["-i", input], sound, to: output, format)
                parts.append(
                    Part(path: output, startMS: source.startMS, facts: try await facts(of: output), run: source.run))
            } catch let error as MediaProgram.Failed {
                logger.warning(
                    "a part of a recording can't be read: \(error.reason)",
                    metadata: ["stream": "\(stream)", "part": "\(number)"])
            }
        }
        return parts
    }

    /// A part in other codecs than the rest, or in another size where that can't change on the way.
    private func encode(_ part: Part, for target: MediaTarget, number: Int, scratch: String) async throws -> Part {
        let output = "\(scratch)/encoded\(number).\(target.format.fileExtension)"
        _ = try await ffmpeg.run(
            ["-nostdin", "-v", "error", "-y", "-i", part.path, "-map", "0:v:0", "-map", "0:a:0?"] + target.encoding
                + ["-f", target.format.rawValue, output], limit: MediaProgram.encodingLimit)
        return Part(path: output, startMS: part.startMS, facts: try await facts(of: output), run: part.run)
    }

    /// The parts as they follow each other: what outlasts a later one goes on behind it, from where it is then. That is
    /// encoded again, as it needn't begin with a key frame.
    private func shown(of parts: [Part], _ target: MediaTarget, scratch: String) async throws -> [Part] {
        let spans = parts.map { MediaTimeline.Span(startMS: $0.startMS, durationMS: $0.facts.durationMS) }
        var shown: [Part] = []
        for (number, segment) in MediaTimeline.segments(spans).enumerated() {
            let part = parts[segment.span]
            guard segment.startMS > part.startMS else {
                shown.append(part)
                continue
            }
            let output = "\(scratch)/rest\(number).\(target.format.fileExtension)"
            _ = try await ffmpeg.run(
                [
                    "-nostdin", "-v", "error", "-y", "-ss", Self.seconds(segment.startMS - part.startMS), "-i",
                    part.path,
                    "-map", "0:v:0", "-map", "0:a:0?",
                ] + target.encoding + ["-f", target.format.rawValue, output], limit: MediaProgram.encodingLimit)
            shown.append(
                Part(path: output, startMS: segment.startMS, facts: try await facts(of: output), run: part.run))
        }
        return shown
    }

    /// The first part decides which tracks the whole has. A moment without a sound is enough to give it one.
    private func addSilence(to part: Part, _ target: MediaTarget, scratch: String) async throws -> Part {
        let output = "\(scratch)/first.\(target.format.fileExtension)"
        _ = try await ffmpeg.run(
            [
                "-nostdin", "-v", "error", "-y", "-i", part.path, "-f", "lavfi", "-t", "0.1", "-i",
                "anullsrc=r=48000:cl=mono", "-map", "0:v:0", "-map", "1:a:0", "-c:v", "copy", "-c:a",
                target.soundEncoder, "-f", target.format.rawValue, output,
            ])
        return Part(path: output, startMS: part.startMS, facts: part.facts, run: part.run)
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
            ], [], to: output, format)
    }

    private static func seconds(_ milliseconds: Int64) -> String {
        let fraction = "000\(milliseconds % 1_000)".suffix(3)
        return "\(milliseconds / 1_000).\(fraction)"
    }

    private func copy(
        _ input: [String], _ sound: [String], to output: String, _ format: RecordingFormat
    ) async throws {
        let index = format == .webm ? ["-cues_to_front", "1"] : ["-movflags", "+faststart"]
        _ = try await ffmpeg.run(
            ["-nostdin", "-v", "error", "-y"] + input + ["-map", "0:v:0", "-map", "0:a:0?", "-c", "copy"] + sound
                + index
                + ["-f", format.rawValue, output])
    }

    private func facts(of path: String) async throws -> MediaFacts {
        try await facts(["-protocol_whitelist", "file", path], hasLength: true)
    }

    /// `hasLength`: recorders don't write how long a file is.
    private func facts(_ input: [String], hasLength: Bool = false) async throws -> MediaFacts {
        let text = try await ffprobe.run(
            [
                "-v", "error", "-show_entries",
                "stream=codec_type,codec_name,width,height,profile,sample_rate,channels:stream_side_data=rotation"
                    + ":format=duration", "-of", "json",
            ] + input)
        return try MediaFacts(ffprobe: text, hasLength: hasLength)
    }
}
