import Testing
import Wire

@testable import SRTP

@Suite("Deriving session keys")
struct SRTPKeyDerivationTests {
    @Test("gives the keys of RFC 3711, appendix B.3")
    func vectors() throws {
        let master = [UInt8](hex: "E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6")
        let derivation = try SRTPKeyDerivation(master, profile: .aes128CMSHA1_80)
        #expect(
            try derivation.key(.rtpEncryption, byteCount: 16) == [UInt8](hex: "C61E7A93744F39EE10734AFE3FF7A087"))
        #expect(try derivation.key(.rtpSalt, byteCount: 14) == [UInt8](hex: "30CBBC08863D8C85D49DB34A9AE1"))
        let authentication = [UInt8](
            hex: """
                CEBE321F6FF7716B6FD4AB49AF256A15 6D38BAA48F0A0ACF3C34E2359E6CDBCE E049646C43D9327AD175578EF7227098
                6371C10C9A369AC2F94A8C5FBCDDDC25 6D6E919A48B610EF17C2041E47403576 6B68642C59BBFC2F34DB60DBDFB2
                """)
        #expect(try derivation.key(.rtpAuthentication, byteCount: 94) == authentication)
    }

    @Test("fills GCM's shorter salt up with zeros")
    func shortSalt() throws {
        let master = [UInt8](hex: "E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3A")
        let short = try SRTPKeyDerivation(master, profile: .aeadAES128GCM)
        let long = try SRTPKeyDerivation(master + [0, 0], profile: .aes128CMSHA1_80)
        #expect(try short.key(.rtpSalt, byteCount: 12) == long.key(.rtpSalt, byteCount: 12))
    }

    @Test("refuses keys of another length than the profile's", arguments: SRTPKeys.Profile.all, [0, 1, 16, 27, 29, 31])
    func length(profile: SRTPKeys.Profile, byteCount: Int) {
        let keys = SRTPKeys(
            profile: profile, local: [UInt8](repeating: 1, count: byteCount),
            remote: [UInt8](repeating: 1, count: byteCount))
        #expect(throws: SRTPFailure.keyLength) { _ = try RTPSealer(keys) }
        #expect(throws: SRTPFailure.keyLength) { _ = try SRTCPSealer(keys) }
        #expect(throws: SRTPFailure.keyLength) { _ = try SRTCPOpener(keys) }
        #expect(throws: SRTPFailure.keyLength) { _ = try UplinkSession(keys) }
    }
}
