private import COpus

/// Decodes one viewer's sound and checks it. Half the rate would do for the ear, a third is enough for one tone.
final class ToneDecoder {
    private static let sampleRate = 16_000
    private static let maximumSamples = sampleRate * 120 / 1_000
    /// Opus needs some packets to settle.
    private static let settlingPackets = 5

    private let decoder: OpaquePointer
    private let samples = UnsafeMutablePointer<Float>.allocate(capacity: maximumSamples)
    private var settling = settlingPackets
    private(set) var check: ToneCheck
    private(set) var undecodable = 0

    init?() {
        var status: Int32 = 0
        guard let decoder = opus_decoder_create(Int32(Self.sampleRate), 1, &status) else { return nil }
        self.decoder = decoder
        check = ToneCheck(
            frequency: Tone.frequency, sampleRate: Double(Self.sampleRate), windowSamples: Self.sampleRate / 10)
    }

    deinit {
        opus_decoder_destroy(decoder)
        samples.deallocate()
    }

    func take(_ payload: UnsafeRawBufferPointer) {
        let bytes = payload.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let count = opus_decode_float(
            decoder, bytes, Int32(payload.count), samples, Int32(Self.maximumSamples), 0)
        guard count > 0 else {
            undecodable += 1
            return
        }
        if settling > 0 {
            settling -= 1
            return
        }
        check.take(UnsafeBufferPointer(start: samples, count: Int(count)))
    }
}
