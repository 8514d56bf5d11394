internal import Foundation
internal import Logging
internal import Subprocess
internal import SystemPackage
internal import Wire

/// Makes a seekable file of what a browser recorded: with an index, a duration, and the gaps between its parts.
///
/// The bytes are copied, not encoded again. ffmpeg reads them with the one reader that fits their type, and nothing
/// but local files: what an uploaded file says can't make it open anything else.
struct Remuxer: Sendable {
    struct Failed: Error {
        let reason: String
    }

    let program: String
    let probe: String
    let logger: Logger

    /// How long one run may take. Copying an hour takes seconds.
    private static let timeLimit = Duration.seconds(15 * 60)

    /// Makes `<scratch>/whole.<ext>` from the upload's bytes at `path`. Returns its path and its length.
    func remux(_ upload: Upload, at path: String, scratch: String) async throws -> (path: String, durationMS: Int64) {
        let suffix = upload.format.fileExtension
        var cleaned: [String] = []
        var start: Int64 = 0
        for (number, part) in upload.parts.enumerated() {
            let output = "\(scratch)/part\(number).\(suffix)"
            let source = "subfile,,start,\(start),end,\(start + part.sizeBytes),,:\(path)"
            try await ffmpeg(
                ["-f", upload.format.demuxer, "-protocol_whitelist", "file,subfile", "-i", source],
                to: output, format: upload.format)
            cleaned.append(output)
            start += part.sizeBytes
        }
        let whole = "\(scratch)/whole.\(suffix)"
        if cleaned.count == 1, upload.parts[0].startMS == 0 {
            try FileManager.default.moveItem(atPath: cleaned[0], toPath: whole)
        } else {
            try await join(cleaned, upload: upload, scratch: scratch, to: whole)
        }
        return (whole, try await duration(of: whole))
    }

    /// Puts the parts where they began on the stream's clock, so that the replay's time is the show's.
    private func join(_ files: [String], upload: Upload, scratch: String, to output: String) async throws {
        var list = "ffconcat version 1.0\n"
        for (index, file) in files.enumerated() {
            list += "file '\(URL(fileURLWithPath: file).lastPathComponent)'\n"
            if index + 1 < files.count {
                let length = upload.parts[index + 1].startMS - upload.parts[index].startMS
                list += "duration \(Self.seconds(length))\n"
            }
        }
        let listPath = "\(scratch)/parts.txt"
        try Data(list.utf8).write(to: URL(fileURLWithPath: listPath))
        try await ffmpeg(
            [
                "-itsoffset", Self.seconds(upload.parts[0].startMS), "-f", "concat", "-protocol_whitelist", "file",
                "-i", listPath,
            ], to: output, format: upload.format)
    }

    private static func seconds(_ milliseconds: Int64) -> String {
        let fraction = "000\(milliseconds % 1_000)".suffix(3)
        return "\(milliseconds / 1_000).\(fraction)"
    }

    private func ffmpeg(_ input: [String], to output: String, format: RecordingFormat) async throws {
        let index = format == .webm ? ["-cues_to_front", "1"] : ["-movflags", "+faststart"]
        _ = try await run(
            program,
            ["-nostdin", "-v", "error", "-y"] + input
                + ["-map", "0:v:0", "-map", "0:a:0?", "-c", "copy", "-fflags", "+genpts"] + index
                + ["-f", format.rawValue, output])
    }

    /// In milliseconds. Throws when there is no picture in the file, or no time.
    private func duration(of path: String) async throws -> Int64 {
        struct Answer: Decodable {
            struct Stream: Decodable { let codec_type: String }
            struct Format: Decodable { let duration: String? }
            let streams: [Stream]
            let format: Format
        }
        let text = try await run(
            probe, ["-v", "error", "-show_entries", "stream=codec_type:format=duration", "-of", "json", path])
        let answer = try JSONDecoder().decode(Answer.self, from: Data(text.utf8))
        guard answer.streams.contains(where: { $0.codec_type == "video" }) else {
            throw Failed(reason: "there is no picture in it")
        }
        guard let seconds = answer.format.duration.flatMap(Double.init), seconds > 0 else {
            throw Failed(reason: "it has no length")
        }
        return Int64((seconds * 1_000).rounded())
    }

    /// What the program printed. Throws with its complaint when it fails or takes too long.
    private func run(_ program: String, _ arguments: [String]) async throws -> String {
        try await withThrowingTaskGroup(of: String?.self) { group in
            group.addTask {
                var options = PlatformOptions()
                options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
                let result = try await Subprocess.run(
                    .name("nice"), arguments: Arguments(["-n", "10", program] + arguments), platformOptions: options,
                    output: .string(limit: 64 << 10), error: .string(limit: 64 << 10))
                guard result.terminationStatus.isSuccess else {
                    throw Failed(reason: String(result.standardError.suffix(400)))
                }
                return result.standardOutput
            }
            group.addTask {
                try await Task.sleep(for: Self.timeLimit)
                return nil
            }
            defer { group.cancelAll() }
            guard let text = try await group.next() ?? nil else { throw Failed(reason: "it took too long") }
            return text
        }
    }
}
