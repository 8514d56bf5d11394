internal import Foundation

/// What is in a media file.
struct MediaFacts {
    let videoCodec: String
    let audioCodec: String?
    let durationMS: Int64

    /// From ffprobe's JSON. Throws when there is no picture in the file, or no time.
    init(ffprobe text: String) throws {
        let answer = try? JSONDecoder().decode(Answer.self, from: Data(text.utf8))
        guard let answer, let video = answer.codec(of: "video") else {
            throw MediaProgram.Failed(reason: "there is no picture in it")
        }
        guard let seconds = answer.format?.duration.flatMap(Double.init), seconds > 0, seconds < 1e9 else {
            throw MediaProgram.Failed(reason: "it has no length")
        }
        videoCodec = video
        audioCodec = answer.codec(of: "audio")
        durationMS = Int64((seconds * 1_000).rounded())
    }

    private struct Answer: Decodable {
        struct Stream: Decodable {
            let codec_type: String?
            let codec_name: String?
        }
        struct Format: Decodable {
            let duration: String?
        }

        let streams: [Stream]?
        let format: Format?

        func codec(of type: String) -> String? { streams?.first { $0.codec_type == type }?.codec_name }
    }
}
