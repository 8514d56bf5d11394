import TestSupport
import Testing
import Wire

@testable import SRTP

@Suite("Opening many sources' packets")
struct RTPOpenerTests {
    private func open(_ opener: RTPOpener, _ packet: [UInt8]) -> (OpenResult, [UInt8]) {
        var bytes = packet
        let result = bytes.withUnsafeMutableBytes { opener.open($0) }
        guard case .opened(let byteCount) = result else { return (result, []) }
        return (result, Array(bytes.prefix(byteCount)))
    }

    @Test("opens what libsrtp2 sealed, across wraps of the sequence number", arguments: SRTPKeys.Profile.all)
    func rtp(profile: SRTPKeys.Profile) throws {
        var generator = SeededGenerator(seed: 41)
        let keys = SRTPKeys.random(profile, using: &generator)
        let opener = try RTPOpener(keys)
        let sender = try #require(Referee(.sender, profile, master: keys.remote))
        var index = 0xF000
        for _ in 0..<2_000 {
            let header = TestPackets.randomHeader(
                sequence: UInt16(truncatingIfNeeded: index), ssrc: 9, using: &generator)
            let plain = header + generator.bytes(Int.random(in: 2...1_200, using: &generator))
            let sealed = try #require(sender.protect(plain))
            let first = sealed.withUnsafeBytes { opener.peek($0) }
            #expect(first == UInt16(plain[header.count]) << 8 | UInt16(plain[header.count + 1]))
            try #require(open(opener, sealed).1 == plain, "packet \(index)")
            index += Int.random(in: 1...100, using: &generator)
        }
        #expect(index > 0x2_0000)
    }

    @Test("refuses each flipped bit, and what is cut off", arguments: SRTPKeys.Profile.all)
    func damage(profile: SRTPKeys.Profile) throws {
        var generator = SeededGenerator(seed: 42)
        let keys = SRTPKeys.random(profile, using: &generator)
        let opener = try RTPOpener(keys)
        let sender = try #require(Referee(.sender, profile, master: keys.remote))
        let header = TestPackets.randomHeader(sequence: 7, ssrc: 9, using: &generator)
        let sealed = try #require(sender.protect(header + generator.bytes(100)))
        for place in header.count..<sealed.count {
            var damaged = sealed
            damaged[place] ^= 1 << UInt8.random(in: 0...7, using: &generator)
            #expect(open(opener, damaged).0 == .forged)
        }
        for count in 0..<12 { #expect(open(opener, Array(sealed.prefix(count))).0 == .malformed) }
        #expect(open(opener, sealed).1.prefix(header.count) == header[...])
    }
}
