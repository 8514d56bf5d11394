import TestSupport
import Wire

extension SRTPKeys {
    static func random(_ profile: Profile, using generator: inout SeededGenerator) -> Self {
        let count = profile.keyBytes + profile.saltBytes
        return Self(profile: profile, local: generator.bytes(count), remote: generator.bytes(count))
    }
}

extension SRTPKeys.Profile {
    static let all: [Self] = [.aeadAES128GCM, .aes128CMSHA1_80]
}

extension [UInt8] {
    /// White space counts for nothing.
    init(hex: String) {
        let digits = hex.compactMap(\.hexDigitValue)
        self = stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    init(word: UInt32) {
        self = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) }
    }

    /// A copy in which one bit is the other way.
    func flipping(bit: Int) -> [UInt8] {
        var copy = self
        copy[bit / 8] ^= 1 << UInt8(bit % 8)
        return copy
    }
}

/// RTP and RTCP as tests need it.
enum TestPackets {
    /// `extensionWords` is the length of the extension, nil for none.
    static func header(
        sequence: UInt16, ssrc: UInt32, contributors: Int = 0, extensionWords: Int? = nil
    ) -> [UInt8] {
        let flags = 0x80 | (extensionWords == nil ? 0 : 0x10) | UInt8(contributors)
        var header = [flags, 96, UInt8(sequence >> 8), UInt8(sequence & 0xFF), 1, 2, 3, 4] + [UInt8](word: ssrc)
        header += [UInt8](repeating: 7, count: 4 * contributors)
        if let extensionWords {
            header += [0xBE, 0xDE, 0, UInt8(extensionWords)] + [UInt8](repeating: 9, count: 4 * extensionWords)
        }
        return header
    }

    static func randomHeader(
        sequence: UInt16, ssrc: UInt32, using generator: inout SeededGenerator
    ) -> [UInt8] {
        header(
            sequence: sequence, ssrc: ssrc,
            contributors: Bool.random(using: &generator) ? Int.random(in: 0...15, using: &generator) : 0,
            extensionWords: Bool.random(using: &generator) ? Int.random(in: 0...9, using: &generator) : nil)
    }

    /// A receiver report with anything behind its SSRC.
    static func report(ssrc: UInt32, using generator: inout SeededGenerator) -> [UInt8] {
        let words = Int.random(in: 0...60, using: &generator)
        return [0x80, 201, 0, UInt8(words + 1)] + [UInt8](word: ssrc) + generator.bytes(4 * words)
    }
}
