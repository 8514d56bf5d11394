import Testing

@testable import SRTP

/// The RFCs give session keys, so these go in behind the derivation.
@Suite("The RFCs' packets")
struct CipherVectorTests {
    private static let galois = SessionKeys.galois(
        AESKey { UInt8($0) }, SessionSalt([UInt8](hex: "517569642070726f2071756f")))
    private static let report = [UInt8](
        hex: """
            81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef
            deadbeef deadbeef
            """)
    private static let sealedReport = [UInt8](
        hex: """
            81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46
            86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4
            """)

    private func seal(_ cipher: borrowing Cipher, header: [UInt8], payload: [UInt8]) -> [UInt8]? {
        var output = header + [UInt8](repeating: 0, count: payload.count + cipher.tagBytes)
        let isSealed = output.withUnsafeMutableBytes { output in
            payload.withUnsafeBytes { payload in
                guard let start = output.baseAddress else { return false }
                return cipher.seal(
                    OutgoingPacket(
                        start: start, headerBytes: header.count, prefix: nil, payload: payload, rolloverCounter: 0))
            }
        }
        return isSealed ? output : nil
    }

    @Test("AES-CM's keystream is that of RFC 3711, appendix B.2")
    func counterMode() throws {
        let key = [UInt8](hex: "2B7E151628AED2A6ABF7158809CF4F3C")
        let salt = SessionSalt([UInt8](hex: "F0F1F2F3F4F5F6F7F8F9FAFBFCFD"))
        let cipher = try Cipher(.counterMode(AESKey { key[$0] }, salt, HMACSHA1(key: [])), home: .openSSL)
        let zeros = [UInt8](repeating: 0, count: 16 * 0xFF02)
        let output = seal(cipher, header: [UInt8](repeating: 0, count: 12), payload: zeros)
        let sealed = try #require(output)
        func blocks(_ range: Range<Int>) -> [UInt8] {
            Array(sealed[12 + 16 * range.lowerBound..<12 + 16 * range.upperBound])
        }
        #expect(
            blocks(0..<3)
                == [UInt8](
                    hex: """
                        E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB
                        41E95B3BB0A2E8DD477901E4FCA894C0
                        """))
        #expect(
            blocks(0xFEFF..<0xFF02)
                == [UInt8](
                    hex: """
                        EC8CDF7398607CB0F2D21675EA9EA1E4 362B7C3C6773516318A077D7FC5073AE
                        6A2CC3787889374FBEB4C81B17BA6C44
                        """))
    }

    @Test("AEAD_AES_128_GCM seals the packet of RFC 7714, section 16.1.1", arguments: CipherHome.available)
    func rtp(home: CipherHome) throws {
        let sealed = seal(
            try Cipher(Self.galois, home: home), header: [UInt8](hex: "8040f17b 8041f8d3 5501a0b2"),
            payload: Array("Gallia est omnis divisa in partes tres".utf8))
        let expected = [UInt8](
            hex: """
                8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b
                36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce
                """)
        #expect(sealed == expected)
    }

    @Test("AEAD_AES_128_GCM seals and opens the RTCP of RFC 7714, section 17.1")
    func rtcp() throws {
        let scratch = try SRTCPScratch()
        var sealer = SRTCPSealer(Self.galois, nextIndex: 0x5D4)
        var opener = SRTCPOpener(Self.galois)
        let sealed = sealer.seal(Self.report, with: scratch)
        #expect(sealed == Self.sealedReport)
        let opened = try opener.open(Self.sealedReport, with: scratch)
        #expect(opened == Self.report)
    }
}
