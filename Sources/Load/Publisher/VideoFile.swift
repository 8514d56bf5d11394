import Foundation
import Wire

/// Has ffmpeg say what a file's video is, and take it out of its container.
enum VideoFile {
    private static let maximumBytes = 512 << 20

    static func read(_ path: String, log: SendLog) throws(LoadFailure) -> FileVideo {
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw LoadFailure("--publish: can't read \(path)")
        }
        let facts = String(
            decoding: try run(
                "ffprobe",
                [
                    "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=codec_name,avg_frame_rate", "-of",
                    "csv=p=0", path,
                ]), as: UTF8.self
        ).split(whereSeparator: { $0 == "," || $0.isNewline })
        guard facts.count >= 2 else { throw LoadFailure("--publish: there is no video in \(path)") }
        let rate = facts[1].split(separator: "/").compactMap { Double($0) }
        guard rate.count == 2, rate[0] > 0, rate[1] > 0 else {
            throw LoadFailure("--publish: \(path) doesn't say how many frames a second it has")
        }
        let framesPerSecond = rate[0] / rate[1]
        switch facts[0] {
        case "vp8":
            let bytes = try run("ffmpeg", ["-v", "error", "-i", path, "-map", "v:0", "-c", "copy", "-f", "ivf", "-"])
            return try FileVideo(
                codec: .vp8, frames: IVF.frames(bytes), framesPerSecond: framesPerSecond, log: log)
        case "h264":
            let bytes = try run(
                "ffmpeg",
                [
                    "-v", "error", "-i", path, "-map", "v:0", "-c", "copy", "-bsf:v",
                    "h264_mp4toannexb,h264_metadata=aud=insert", "-f", "h264", "-",
                ])
            return try FileVideo(
                codec: .h264, frames: AnnexB.pictures(bytes), framesPerSecond: framesPerSecond, log: log)
        default: throw LoadFailure("--publish: the file's video is \(facts[0]); VP8 and H.264 are published")
        }
    }

    private static func run(_ program: String, _ arguments: [String]) throws(LoadFailure) -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        do { try process.run() } catch { throw LoadFailure("--publish: \(program) can't be run") }
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let text = String(decoding: errors.fileHandleForReading.availableData, as: UTF8.self)
            throw LoadFailure("--publish: \(program): \(text.split(separator: "\n").first ?? "failed")")
        }
        guard bytes.count <= maximumBytes else { throw LoadFailure("--publish: the file's video is too large") }
        return Array(bytes)
    }
}
