import TestSupport
import Testing
import Wire

@testable import SRTP

@Suite("SRTCP")
struct SRTCPSessionTests {
    private func report(_ generator: inout SeededGenerator) -> [UInt8] {
        let words = Int.random(in: 1...30, using: &generator)
        return [0x80, 201, 0, UInt8(words)] + generator.bytes(4 * words)
    }

    @Test(
        "is understood by libsrtp2 and understands it, with the same bytes",
        arguments: [SRTPKeys.Profile.aeadAES128GCM, .aes128CMSHA1_80])
    func referee(profile: SRTPKeys.Profile) throws {
        var generator = SeededGenerator(seed: 4)
        let keys = SRTPKeys.random(profile, using: &generator)
        var session = try SRTCPSession(keys)
        let sender = try #require(Referee(keys, master: keys.local, inbound: false))
        let receiver = try #require(Referee(keys, master: keys.local, inbound: true))
        let peer = try #require(Referee(keys, master: keys.remote, inbound: false))
        let ssrc = generator.bytes(4)
        for _ in 0..<500 {
            var plain = report(&generator)
            plain.replaceSubrange(4..<8, with: ssrc)
            let sealed = session.seal(plain)
            #expect(sealed != nil)
            #expect(sealed == sender.protectRTCP(plain))
            #expect(receiver.unprotectRTCP(sealed ?? []) == plain)
            let theirs = try #require(peer.protectRTCP(plain))
            let opened = try session.open(theirs)
            #expect(opened == plain)
        }
    }

    @Test(
        "refuses what is forged, repeated or cut off",
        arguments: [SRTPKeys.Profile.aeadAES128GCM, .aes128CMSHA1_80])
    func refusals(profile: SRTPKeys.Profile) throws {
        var generator = SeededGenerator(seed: 5)
        let keys = SRTPKeys.random(profile, using: &generator)
        var session = try SRTCPSession(keys)
        let peer = try #require(Referee(keys, master: keys.remote, inbound: false))
        let sealed = try #require(peer.protectRTCP(report(&generator)))
        for bit in 0..<sealed.count * 8 {
            var forged = sealed
            forged[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: SRTCPSession.Refusal.self) { try session.open(forged) }
        }
        for length in 0..<sealed.count {
            #expect(throws: SRTCPSession.Refusal.self) { try session.open(Array(sealed.prefix(length))) }
        }
        #expect(throws: Never.self) { try session.open(sealed) }
        #expect(throws: SRTCPSession.Refusal.replayed) { try session.open(sealed) }
    }

    @Test("remembers which of the last 128 it has seen")
    func window() {
        var generator = SeededGenerator(seed: 6)
        var window = ReplayWindow()
        var seen: Set<UInt32> = []
        var newest: UInt32 = 1_000
        for _ in 0..<20_000 {
            let index = UInt32(max(1, Int(newest) + Int.random(in: -140...20, using: &generator)))
            let isFresh = !seen.contains(index) && (seen.isEmpty || Int(newest) - Int(index) < 128)
            #expect(window.allows(index) == isFresh)
            guard isFresh else { continue }
            window.accept(index)
            seen.insert(index)
            newest = seen.count == 1 ? index : max(newest, index)
        }
    }
}
