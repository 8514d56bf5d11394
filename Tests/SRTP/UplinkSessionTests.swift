import TestSupport
import Testing
import Wire

@testable import SRTP

@Suite("Opening an uplink's packets")
struct UplinkSessionTests {
    private func packet(_ sequence: UInt16, _ payload: [UInt8]) -> [UInt8] {
        [0x80, 96, UInt8(sequence >> 8), UInt8(sequence & 0xFF), 0, 0, 0, 1, 0, 0, 0, 9] + payload
    }

    private func open(_ session: UplinkSession, _ packet: [UInt8]) -> (UplinkSession.Outcome, [UInt8]) {
        var bytes = packet
        let outcome = bytes.withUnsafeMutableBytes { session.open($0, isRTCP: false) }
        guard case .opened(let count) = outcome else { return (outcome, []) }
        return (outcome, Array(bytes.prefix(count)))
    }

    @Test(
        "takes each packet once, and none that is forged, repeated or cut off",
        arguments: [SRTPKeys.Profile.aeadAES128GCM, .aes128CMSHA1_80])
    func once(profile: SRTPKeys.Profile) throws {
        var generator = SeededGenerator(seed: 7)
        let keys = SRTPKeys.random(profile, using: &generator)
        let session = try UplinkSession(keys)
        let sender = try #require(Referee(keys, master: keys.remote, inbound: false))
        for sequence: UInt16 in 1...50 {
            let plain = packet(sequence, generator.bytes(40))
            let sealed = try #require(sender.protect(plain))
            var forged = sealed
            forged[Int.random(in: 12..<sealed.count, using: &generator)] ^= 1
            #expect(open(session, forged).0 == .forged)
            for length in 0..<sealed.count {
                let (outcome, _) = open(session, Array(sealed.prefix(length)))
                #expect(outcome == .forged || outcome == .malformed)
            }
            #expect(open(session, sealed).1 == plain)
            #expect(open(session, sealed).0 == .replayed)
        }
    }
}
