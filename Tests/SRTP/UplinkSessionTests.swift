import TestSupport
import Testing
import Wire

@testable import SRTP

@Suite("Opening an uplink's packets")
struct UplinkSessionTests {
    private func open(_ session: UplinkSession, _ packet: [UInt8], isRTCP: Bool = false) -> (OpenResult, [UInt8]) {
        var bytes = packet
        let result = bytes.withUnsafeMutableBytes { session.open($0, isRTCP: isRTCP) }
        guard case .opened(let byteCount) = result else { return (result, []) }
        return (result, Array(bytes.prefix(byteCount)))
    }

    @Test("opens what libsrtp2 sealed, once, across wraps of the sequence number", arguments: SRTPKeys.Profile.all)
    func rtp(profile: SRTPKeys.Profile) throws {
        var generator = SeededGenerator(seed: 30)
        let keys = SRTPKeys.random(profile, using: &generator)
        let session = try UplinkSession(keys)
        let sender = try #require(Referee(.sender, profile, master: keys.remote))
        var index = 0xF000
        for _ in 0..<2_000 {
            let header = TestPackets.randomHeader(
                sequence: UInt16(truncatingIfNeeded: index), ssrc: 9, using: &generator)
            let plain = header + generator.bytes(Int.random(in: 0...1_200, using: &generator))
            let sealed = try #require(sender.protect(plain))
            try #require(open(session, sealed).1 == plain, "packet \(index)")
            #expect(open(session, sealed).0 == .replayed)
            index += Int.random(in: 1...100, using: &generator)
        }
        #expect(index > 0x2_0000)
    }

    @Test("opens what our own sealer sealed, and its control packets", arguments: SRTPKeys.Profile.all)
    func ours(profile: SRTPKeys.Profile) throws {
        var generator = SeededGenerator(seed: 31)
        let keys = SRTPKeys.random(profile, using: &generator)
        let session = try UplinkSession(SRTPKeys(profile: profile, local: keys.remote, remote: keys.local))
        let scratch = try SRTCPScratch()
        var sealer = try SRTCPSealer(keys)
        for _ in 0..<100 {
            let report = TestPackets.report(ssrc: 4, using: &generator)
            let packet = sealer.seal(report, with: scratch)
            let sealed = try #require(packet)
            #expect(open(session, sealed, isRTCP: true).1 == report)
            #expect(open(session, sealed, isRTCP: true).0 == .replayed)
        }
    }

    @Test("takes packets that are up to 1,023 behind the newest", arguments: SRTPKeys.Profile.all)
    func window(profile: SRTPKeys.Profile) throws {
        var generator = SeededGenerator(seed: 32)
        let keys = SRTPKeys.random(profile, using: &generator)
        let session = try UplinkSession(keys)
        let sender = try #require(Referee(.sender, profile, master: keys.remote))
        let sealed = try (0..<1_100).map { sequence in
            try #require(
                sender.protect(TestPackets.header(sequence: UInt16(sequence), ssrc: 9) + generator.bytes(20)))
        }
        _ = open(session, sealed[1_099])
        #expect(open(session, sealed[1_099 - 1_023]).1.count == 32)
        #expect(open(session, sealed[1_099 - 1_024]).0 == .replayed)
    }

    @Test("refuses a packet with any bit of it flipped", arguments: SRTPKeys.Profile.all)
    func forged(profile: SRTPKeys.Profile) throws {
        var generator = SeededGenerator(seed: 33)
        let keys = SRTPKeys.random(profile, using: &generator)
        let session = try UplinkSession(keys)
        let sender = try #require(Referee(.sender, profile, master: keys.remote))
        let plain = TestPackets.header(sequence: 1, ssrc: 9) + generator.bytes(8)
        let sealed = try #require(sender.protect(plain))
        for bit in 0..<sealed.count * 8 {
            let result = open(session, sealed.flipping(bit: bit)).0
            // In the first byte the header's shape changes with it.
            #expect(bit < 8 ? result == .forged || result == .malformed : result == .forged, "bit \(bit)")
        }
        #expect(open(session, sealed).1 == plain)
    }

    @Test("refuses a control packet with any bit of it flipped", arguments: SRTPKeys.Profile.all)
    func forgedRTCP(profile: SRTPKeys.Profile) throws {
        var generator = SeededGenerator(seed: 34)
        let keys = SRTPKeys.random(profile, using: &generator)
        let session = try UplinkSession(keys)
        let sender = try #require(Referee(.sender, profile, master: keys.remote))
        let report = TestPackets.report(ssrc: 9, using: &generator)
        let sealed = try #require(sender.protectRTCP(report))
        for bit in 0..<sealed.count * 8 {
            let result = open(session, sealed.flipping(bit: bit), isRTCP: true).0
            #expect(result == .forged || result == .malformed, "bit \(bit)")
        }
        #expect(open(session, sealed, isRTCP: true).1 == report)
    }

    @Test("refuses a packet at each length that isn't its own", arguments: SRTPKeys.Profile.all, [false, true])
    func truncated(profile: SRTPKeys.Profile, isRTCP: Bool) throws {
        var generator = SeededGenerator(seed: 35)
        let keys = SRTPKeys.random(profile, using: &generator)
        let session = try UplinkSession(keys)
        let sender = try #require(Referee(.sender, profile, master: keys.remote))
        let header = TestPackets.header(sequence: 1, ssrc: 9, contributors: 2, extensionWords: 3)
        let plain = isRTCP ? TestPackets.report(ssrc: 9, using: &generator) : header + generator.bytes(50)
        let sealed = try #require(isRTCP ? sender.protectRTCP(plain) : sender.protect(plain))
        let tagBytes = profile == .aeadAES128GCM ? 16 : 10
        let least = tagBytes + (isRTCP ? 12 : header.count)
        for length in 0..<sealed.count {
            let result = open(session, Array(sealed.prefix(length)), isRTCP: isRTCP).0
            // RTCP's index is then read from where it is not, and may look unencrypted.
            let isRefused = result == .malformed || length >= least && result == .forged
            #expect(isRefused, "\(length) bytes")
        }
        #expect(open(session, sealed, isRTCP: isRTCP).1 == plain)
    }

    @Test("calls a header malformed that ends behind its packet", arguments: SRTPKeys.Profile.all)
    func headers(profile: SRTPKeys.Profile) throws {
        var generator = SeededGenerator(seed: 36)
        let session = try UplinkSession(.random(profile, using: &generator))
        let tail = generator.bytes(48)
        #expect(open(session, [0x8F] + [UInt8](repeating: 0, count: 59)).0 == .malformed, "15 contributors")
        #expect(open(session, [0x90] + [UInt8](repeating: 0xFF, count: 59)).0 == .malformed, "65,535 words")
        let reaching = TestPackets.header(sequence: 1, ssrc: 1, extensionWords: 0)
        for words: UInt8 in 13...255 {
            var packet = reaching
            packet[15] = words
            #expect(open(session, packet + tail).0 == .malformed, "\(words) words")
        }
    }

    @Test("takes any bytes at all without harm", arguments: SRTPKeys.Profile.all, [false, true])
    func garbage(profile: SRTPKeys.Profile, isRTCP: Bool) throws {
        var generator = SeededGenerator(seed: 37)
        let session = try UplinkSession(.random(profile, using: &generator))
        #expect(session.open(UnsafeMutableRawBufferPointer(start: nil, count: 0), isRTCP: isRTCP) == .malformed)
        for length in 0..<1_600 {
            var packet = generator.bytes(length)
            // Version 2 half of the time, so that more than its first byte is looked at.
            if length > 0, Bool.random(using: &generator) { packet[0] = packet[0] & 0x3F | 0x80 }
            let result = open(session, packet, isRTCP: isRTCP).0
            #expect(result == .malformed || result == .forged)
        }
        #expect(open(session, [UInt8](repeating: 0x80, count: 70_000), isRTCP: isRTCP).0 == .malformed)
    }
}
