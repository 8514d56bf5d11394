private import COpus
private import Foundation

/// A tone, encoded by libopus twenty milliseconds at a time. Each packet carries, in the padding that Opus allows and
/// decoders skip (RFC 6716, section 3.2.5), when it was sent.
final class Tone {
    static let frequency = 1_000.0
    static let sampleRate = 48_000
    static let frameSamples = 960
    private static let amplitude: Float = 0.3
    private static let bitsPerSecond: Int32 = 32_000
    private static let maximumBytes = 400

    private let encoder: OpaquePointer
    private var samples = [Float](repeating: 0, count: frameSamples)
    private var bytes = [UInt8](repeating: 0, count: maximumBytes)
    private var position = 0

    init() throws(LoadFailure) {
        var status: Int32 = 0
        guard let encoder = opus_encoder_create(Int32(Self.sampleRate), 1, OPUS_APPLICATION_AUDIO, &status),
            vitrine_opus_set_bitrate(encoder, Self.bitsPerSecond) == OPUS_OK
        else { throw LoadFailure("libopus makes no encoder") }
        self.encoder = encoder
    }

    deinit { opus_encoder_destroy(encoder) }

    /// The next twenty milliseconds, with the stamp's place at the end. Nil when libopus fails.
    func next() -> [UInt8]? {
        for number in 0..<Self.frameSamples {
            let phase = 2 * Double.pi * Self.frequency * Double(position + number) / Double(Self.sampleRate)
            samples[number] = Self.amplitude * Float(sin(phase))
        }
        position = (position + Self.frameSamples) % Self.sampleRate
        let limit = Int32(Self.maximumBytes - AudioStamp.paddingBytes)
        let length = opus_encode_float(encoder, samples, Int32(Self.frameSamples), &bytes, limit)
        guard length > 0 else { return nil }
        let padded = length + Int32(AudioStamp.paddingBytes)
        guard opus_packet_pad(&bytes, length, padded) == OPUS_OK else { return nil }
        return Array(bytes[..<Int(padded)])
    }
}
