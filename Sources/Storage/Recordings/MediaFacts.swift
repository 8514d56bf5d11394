internal import Foundation

/// What is in a media file.
struct MediaFacts: Equatable, Sendable {
    let videoCodec: String
    let width: Int
    let height: Int
    let profile: String
    /// By how many degrees the picture is to be turned when it is shown.
    let rotation: Int
    let audioCodec: String?
    let sampleRate: Int
    let channels: Int
    /// 0 where the file doesn't say.
    let durationMS: Int64

    /// From ffprobe's JSON. Throws when there is no picture in the file, or no time where that is asked for.
    init(ffprobe text: String, hasLength: Bool) throws {
        let answer = try? JSONDecoder().decode(Answer.self, from: Data(text.utf8))
        guard let answer, let video = answer.stream("video"), let codec = video.codec_name else {
            throw MediaProgram.Failed(reason: "there is no picture in it")
        }
        let seconds = answer.format?.duration.flatMap(Double.init) ?? 0
        guard seconds < 1e9, seconds > 0 || !hasLength else { throw MediaProgram.Failed(reason: "it has no length") }
        videoCodec = codec
        width = video.width ?? 0
        height = video.height ?? 0
        profile = video.profile ?? ""
        rotation = video.side_data_list?.compactMap(\.rotation).first.map { (Int($0) % 360 + 360) % 360 } ?? 0
        let audio = answer.stream("audio")
        audioCodec = audio?.codec_name
        sampleRate = audio?.sample_rate.flatMap { Int($0) } ?? 0
        channels = audio?.channels ?? 0
        durationMS = Int64((max(0, seconds) * 1_000).rounded())
    }

    /// What a file may hold, for a decision that needs no file.
    init(
        videoCodec: String, width: Int, height: Int, profile: String = "", rotation: Int = 0, audioCodec: String?,
        sampleRate: Int = 48_000, channels: Int = 1, durationMS: Int64
    ) {
        self.rotation = rotation
        self.sampleRate = sampleRate
        self.channels = channels
        self.videoCodec = videoCodec
        self.width = width
        self.height = height
        self.profile = profile
        self.audioCodec = audioCodec
        self.durationMS = durationMS
    }

    private struct Answer: Decodable {
        struct Stream: Decodable {
            let codec_type: String?
            let codec_name: String?
            let width: Int?
            let height: Int?
            let profile: String?
            let sample_rate: String?
            let channels: Int?
            let side_data_list: [SideData]?
        }
        struct SideData: Decodable {
            let rotation: Double?
        }
        struct Format: Decodable {
            let duration: String?
        }

        let streams: [Stream]?
        let format: Format?

        func stream(_ type: String) -> Stream? { streams?.first { $0.codec_type == type } }
    }
}
