import TestSupport
import Testing
import Wire

@testable import SRTP

@Suite("Sealing RTP")
struct RTPSealerTests {
    private func seal(
        _ sealer: inout RTPSealer, header: [UInt8], payload: [UInt8], prefix: UInt16? = nil, rollover: UInt32
    ) -> [UInt8] {
        var output = header + [UInt8](repeating: 0, count: payload.count + 2 + sealer.overheadBytes)
        let bytes = output.withUnsafeMutableBytes { output in
            payload.withUnsafeBytes {
                sealer.seal(
                    headerBytes: header.count, prefix: prefix, payload: $0, rolloverCounter: rollover, into: output)
            }
        }
        return Array(output.prefix(bytes))
    }

    private func header(sequence: UInt16, ssrc: UInt32, contributors: Int = 0) -> [UInt8] {
        [0x80 | UInt8(contributors), 96, UInt8(sequence >> 8), UInt8(sequence & 0xFF), 1, 2, 3, 4]
            + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: ssrc >> UInt32($0)) }
            + [UInt8](repeating: 7, count: 4 * contributors)
    }

    @Test(
        "gives the same bytes as libsrtp2, across wraps of the sequence number",
        arguments: [SRTPKeys.Profile.aeadAES128GCM, .aes128CMSHA1_80])
    func referee(profile: SRTPKeys.Profile) throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<4 {
            let keys = SRTPKeys.random(profile, using: &generator)
            var sealer = try RTPSealer(keys)
            let referee = try #require(Referee(keys, master: keys.local, inbound: false))
            let ssrc = UInt32.random(in: 1...UInt32.max, using: &generator)
            var index = UInt64.random(in: 0..<0x4000, using: &generator)
            for _ in 0..<3_000 {
                let head = header(
                    sequence: UInt16(truncatingIfNeeded: index), ssrc: ssrc,
                    contributors: Int.random(in: 0...2, using: &generator))
                let payload = generator.bytes(Int.random(in: 0...90, using: &generator))
                let expected = referee.protect(head + payload)
                let sealed = seal(&sealer, header: head, payload: payload, rollover: UInt32(index >> 16))
                guard sealed == expected else {
                    Issue.record("packet \(index) differs")
                    return
                }
                index += UInt64.random(in: 1...60, using: &generator)
            }
            #expect(index > 0xFFFF)
        }
    }

    @Test(
        "puts a retransmission's first two bytes in front of the payload",
        arguments: [SRTPKeys.Profile.aeadAES128GCM, .aes128CMSHA1_80])
    func prefix(profile: SRTPKeys.Profile) throws {
        var generator = SeededGenerator(seed: 2)
        let keys = SRTPKeys.random(profile, using: &generator)
        var sealer = try RTPSealer(keys)
        let head = header(sequence: 9, ssrc: 77)
        let payload = generator.bytes(300)
        #expect(
            seal(&sealer, header: head, payload: payload, prefix: 0xABCD, rollover: 3)
                == seal(&sealer, header: head, payload: [0xAB, 0xCD] + payload, rollover: 3))
    }

    @Test("writes nothing into a buffer that is too small")
    func tooSmall() throws {
        var generator = SeededGenerator(seed: 3)
        var sealer = try RTPSealer(.random(.aeadAES128GCM, using: &generator))
        var output = header(sequence: 1, ssrc: 1) + [UInt8](repeating: 0, count: 25)
        let bytes = output.withUnsafeMutableBytes { output in
            [UInt8](repeating: 1, count: 10).withUnsafeBytes {
                sealer.seal(headerBytes: 12, payload: $0, rolloverCounter: 0, into: output)
            }
        }
        #expect(bytes == 0 && output.suffix(25).allSatisfy { $0 == 0 })
    }

    @Test("derives the keys of RFC 3711, appendix B.3")
    func derivation() throws {
        let derivation = SRTPKeyDerivation(
            [UInt8](hex: "E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6"),
            profile: .aes128CMSHA1_80)
        #expect(try derivation.key(.rtpKey, bytes: 16) == [UInt8](hex: "C61E7A93744F39EE10734AFE3FF7A087"))
        #expect(try derivation.key(.rtpSalt, bytes: 14) == [UInt8](hex: "30CBBC08863D8C85D49DB34A9AE1"))
        #expect(
            try derivation.key(.rtpAuthentication, bytes: 20)
                == [UInt8](hex: "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"))
    }

    /// The RFC gives session keys, so they go in behind the derivation.
    @Test("seals the packet of RFC 7714, section 16.1.1")
    func vector() throws {
        let cipher = try GCM(
            key: [UInt8](hex: "000102030405060708090a0b0c0d0e0f"), salt: [UInt8](hex: "517569642070726f2071756f"))
        let head = [UInt8](hex: "8040f17b8041f8d35501a0b2")
        let payload = Array("Gallia est omnis divisa in partes tres".utf8)
        var output = head + [UInt8](repeating: 0, count: payload.count + GCM.tagBytes)
        let isSealed = output.withUnsafeMutableBytes { output in
            payload.withUnsafeBytes { payload in
                output.baseAddress.map {
                    cipher.seal(
                        Cipher.Packet(base: $0, headerBytes: 12, prefix: nil, payload: payload, rolloverCounter: 0))
                }
            }
        }
        #expect(isSealed == true)
        #expect(
            output
                == [UInt8](
                    hex: """
                        8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a
                        51c7d19b 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce
                        """))
    }
}
