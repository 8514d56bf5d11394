import Foundation
import Wire

/// A video file's pictures, over and over, as they are: demuxed by ffmpeg, packetized here. A key frame that somebody
/// asks for is the file's next one: nothing is encoded.
final class FileVideo: VideoSource {
    private static let ticksPerSecond = 90_000.0

    let codec: OfferedCodec
    let frameNanoseconds: Int64
    let frameTicks: UInt32
    private let frames: [EncodedFrame]
    private let log: SendLog
    private var position = 0
    private var pictureNumber: UInt16 = 0

    /// `frames` begin with a key frame.
    init(codec: VideoCodec, frames: [EncodedFrame], framesPerSecond: Double, log: SendLog) throws(LoadFailure) {
        guard frames.first?.isKey == true, framesPerSecond > 0 else {
            throw LoadFailure("--publish: the file's video doesn't begin with a key frame")
        }
        switch codec {
        case .vp8: self.codec = .vp8
        case .h264: self.codec = .h264(Self.profile(of: frames), payloadType: 102)
        default: throw LoadFailure("--publish: the file's video is \(codec.rawValue); VP8 and H.264 are published")
        }
        self.frames = frames
        self.log = log
        frameNanoseconds = Int64(1e9 / framesPerSecond)
        frameTicks = UInt32(Self.ticksPerSecond / framesPerSecond)
    }

    /// `profile-level-id` as the first sequence parameter set has it (RFC 6184, section 8.1).
    private static func profile(of frames: [EncodedFrame]) -> String {
        let units = frames.first.map { H264Packetizer.units($0.bytes) } ?? []
        guard let set = units.first(where: { ($0.first ?? 0) & 0x1F == 7 && $0.count > 3 }) else { return "42e01f" }
        let digits = Array("0123456789abcdef")
        return String(set.dropFirst().prefix(3).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    func next(wantsKeyFrame: Bool) -> [[UInt8]] {
        if wantsKeyFrame, !frames[position].isKey {
            position = frames[position...].firstIndex(where: \.isKey) ?? 0
        }
        let frame = frames[position]
        position = (position + 1) % frames.count
        pictureNumber = (pictureNumber &+ 1) & 0x7FFF
        return codec.name.hasPrefix("VP8")
            ? VP8Packetizer.payloads(frame.bytes, pictureNumber: pictureNumber) : H264Packetizer.payloads(frame.bytes)
    }

    func willSend(_ payload: UnsafeMutableRawBufferPointer, packet: Int, of count: Int, at now: MonotonicTime) {
        log.note(UnsafeRawBufferPointer(payload), isVP8: codec.name.hasPrefix("VP8"), at: now)
    }
}
