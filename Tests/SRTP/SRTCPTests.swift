import TestSupport
import Testing
import Wire

@testable import SRTP

@Suite("SRTCP")
struct SRTCPTests {
    private func refusal(_ opener: inout SRTCPOpener, _ datagram: [UInt8], _ scratch: SRTCPScratch) -> SRTCPRefusal? {
        do throws(SRTCPRefusal) {
            _ = try opener.open(datagram, with: scratch)
            return nil
        } catch {
            return error
        }
    }

    private func open(_ opener: inout SRTCPOpener, _ datagram: [UInt8], _ scratch: SRTCPScratch) -> [UInt8]? {
        try? opener.open(datagram, with: scratch)
    }

    private func seal(_ sealer: inout SRTCPSealer, _ compound: [UInt8], _ scratch: SRTCPScratch) -> [UInt8]? {
        sealer.seal(compound, with: scratch)
    }

    /// What each peer sends with is what the other opens with.
    private func peer(of keys: SRTPKeys) -> SRTPKeys {
        SRTPKeys(profile: keys.profile, local: keys.remote, remote: keys.local)
    }

    @Test("is sealed as libsrtp2 does it, and opened by it", arguments: SRTPKeys.Profile.all)
    func sealing(profile: SRTPKeys.Profile) throws {
        var generator = SeededGenerator(seed: 10)
        let scratch = try SRTCPScratch()
        let keys = SRTPKeys.random(profile, using: &generator)
        var sealer = try SRTCPSealer(keys)
        let sender = try #require(Referee(.sender, profile, master: keys.local))
        let receiver = try #require(Referee(.receiver, profile, master: keys.local))
        for _ in 0..<1_000 {
            let report = TestPackets.report(ssrc: 0x89AB_CDEF, using: &generator)
            let sealed = try #require(seal(&sealer, report, scratch))
            try #require(sealed == sender.protectRTCP(report))
            try #require(receiver.unprotectRTCP(sealed) == report)
        }
    }

    @Test("of libsrtp2 is opened", arguments: SRTPKeys.Profile.all)
    func opening(profile: SRTPKeys.Profile) throws {
        var generator = SeededGenerator(seed: 11)
        let scratch = try SRTCPScratch()
        let keys = SRTPKeys.random(profile, using: &generator)
        var opener = try SRTCPOpener(keys)
        let sender = try #require(Referee(.sender, profile, master: keys.remote))
        for _ in 0..<1_000 {
            let report = TestPackets.report(ssrc: 3, using: &generator)
            let sealed = try #require(sender.protectRTCP(report))
            #expect(open(&opener, sealed, scratch) == report)
        }
    }

    @Test("of many peers, both ways and of both profiles, shares one scratch")
    func sharing() throws {
        var generator = SeededGenerator(seed: 12)
        let scratch = try SRTCPScratch()
        let keys = (0..<20).map { SRTPKeys.random($0 % 2 == 0 ? .aeadAES128GCM : .aes128CMSHA1_80, using: &generator) }
        var sealers = try keys.map { try SRTCPSealer($0) }
        var openers = try keys.map { try SRTCPOpener(peer(of: $0)) }
        for _ in 0..<2_000 {
            let number = Int.random(in: 0..<keys.count, using: &generator)
            let report = TestPackets.report(ssrc: UInt32(number), using: &generator)
            let sealed = try #require(seal(&sealers[number], report, scratch))
            if Bool.random(using: &generator) {
                #expect(refusal(&openers[number], sealed.flipping(bit: 70), scratch) == .forged)
            }
            #expect(open(&openers[number], sealed, scratch) == report)
        }
    }

    @Test("is refused with any bit of it flipped", arguments: SRTPKeys.Profile.all)
    func forged(profile: SRTPKeys.Profile) throws {
        var generator = SeededGenerator(seed: 13)
        let scratch = try SRTCPScratch()
        let keys = SRTPKeys.random(profile, using: &generator)
        var sealer = try SRTCPSealer(keys)
        var opener = try SRTCPOpener(peer(of: keys))
        let report = [0x80, 201, 0, 3, 0, 0, 0, 1] + generator.bytes(8)
        let sealed = try #require(seal(&sealer, report, scratch))
        let flagByte = profile == .aeadAES128GCM ? sealed.count - 4 : sealed.count - 14
        // The version's two bits, and the one that says that it is encrypted.
        let shape = [6, 7, flagByte * 8 + 7]
        for bit in 0..<sealed.count * 8 {
            let expected = shape.contains(bit) ? SRTCPRefusal.malformed : .forged
            #expect(refusal(&opener, sealed.flipping(bit: bit), scratch) == expected, "bit \(bit)")
        }
        #expect(open(&opener, sealed, scratch) == report)
    }

    @Test("is refused at each length that isn't its own", arguments: SRTPKeys.Profile.all)
    func truncated(profile: SRTPKeys.Profile) throws {
        var generator = SeededGenerator(seed: 14)
        let scratch = try SRTCPScratch()
        let keys = SRTPKeys.random(profile, using: &generator)
        var sealer = try SRTCPSealer(keys)
        var opener = try SRTCPOpener(peer(of: keys))
        let report = TestPackets.report(ssrc: 1, using: &generator)
        let sealed = try #require(seal(&sealer, report, scratch))
        let overhead = sealed.count - report.count
        for length in 0..<sealed.count {
            let refused = refusal(&opener, Array(sealed.prefix(length)), scratch)
            // Beyond that the index is read from where it is not: it may look unencrypted.
            #expect(length < 8 + overhead ? refused == .malformed : refused != nil)
        }
        #expect(refusal(&opener, sealed + [0], scratch) != nil)
        #expect(open(&opener, sealed, scratch) == report)
    }

    @Test("is malformed when header, tag and index don't fit", arguments: SRTPKeys.Profile.all)
    func tooShort(profile: SRTPKeys.Profile) throws {
        var generator = SeededGenerator(seed: 21)
        let scratch = try SRTCPScratch()
        var opener = try SRTCPOpener(.random(profile, using: &generator))
        let least = profile == .aeadAES128GCM ? 28 : 22
        // Of version 2 and encrypted, wherever the index is looked for.
        for length in 0...least {
            let expected = length < least ? SRTCPRefusal.malformed : .forged
            #expect(refusal(&opener, [UInt8](repeating: 0x80, count: length), scratch) == expected)
        }
    }

    @Test("is opened once, in any order", arguments: SRTPKeys.Profile.all)
    func replayed(profile: SRTPKeys.Profile) throws {
        var generator = SeededGenerator(seed: 15)
        let scratch = try SRTCPScratch()
        let keys = SRTPKeys.random(profile, using: &generator)
        var sealer = try SRTCPSealer(keys)
        var opener = try SRTCPOpener(peer(of: keys))
        let datagrams = try (0..<129).map { _ in
            try #require(seal(&sealer, TestPackets.report(ssrc: 1, using: &generator), scratch))
        }
        for datagram in datagrams.dropFirst().shuffled(using: &generator) {
            #expect(refusal(&opener, datagram, scratch) == nil)
            #expect(refusal(&opener, datagram, scratch) == .replayed)
        }
        #expect(refusal(&opener, datagrams[0], scratch) == .replayed, "128 behind the newest: too old to tell")
    }

    @Test("of several sources is counted for each by itself", arguments: SRTPKeys.Profile.all)
    func sources(profile: SRTPKeys.Profile) throws {
        var generator = SeededGenerator(seed: 17)
        let scratch = try SRTCPScratch()
        let keys = SRTPKeys.random(profile, using: &generator)
        // As libsrtp2 does: one counter for each source.
        var sealers = try (0..<3).map { _ in try SRTCPSealer(keys) }
        var opener = try SRTCPOpener(peer(of: keys))
        for round in 0..<300 {
            for source in 0..<3 where round % (source + 1) == 0 {
                let report = TestPackets.report(ssrc: UInt32(source + 1), using: &generator)
                let datagram = try #require(seal(&sealers[source], report, scratch))
                #expect(open(&opener, datagram, scratch) == report)
                #expect(refusal(&opener, datagram, scratch) == .replayed)
            }
        }
    }

    @Test("that is forged doesn't move the window", arguments: SRTPKeys.Profile.all)
    func forgedIndex(profile: SRTPKeys.Profile) throws {
        var generator = SeededGenerator(seed: 16)
        let scratch = try SRTCPScratch()
        let keys = SRTPKeys.random(profile, using: &generator)
        var opener = try SRTCPOpener(peer(of: keys))
        var sealer = try SRTCPSealer(keys)
        let report = TestPackets.report(ssrc: 1, using: &generator)
        let sealed = try #require(seal(&sealer, report, scratch))
        var later = sealed
        later[profile == .aeadAES128GCM ? sealed.count - 4 : sealed.count - 14] = 0xFF
        #expect(refusal(&opener, later, scratch) == .forged)
        #expect(open(&opener, sealed, scratch) == report)
    }

    @Test("takes any bytes at all without harm", arguments: SRTPKeys.Profile.all)
    func garbage(profile: SRTPKeys.Profile) throws {
        var generator = SeededGenerator(seed: 17)
        let scratch = try SRTCPScratch()
        var opener = try SRTCPOpener(.random(profile, using: &generator))
        for length in 0..<1_600 {
            #expect(refusal(&opener, generator.bytes(length), scratch) != nil)
        }
        #expect(refusal(&opener, [UInt8](repeating: 0x80, count: 100_000), scratch) == .forged)
    }

    @Test("is not sealed from what is no RTCP", arguments: SRTPKeys.Profile.all)
    func noRTCP(profile: SRTPKeys.Profile) throws {
        var generator = SeededGenerator(seed: 18)
        let scratch = try SRTCPScratch()
        var sealer = try SRTCPSealer(.random(profile, using: &generator))
        for length in 0..<8 {
            #expect(seal(&sealer, [UInt8](repeating: 0x80, count: length), scratch) == nil)
        }
        #expect(seal(&sealer, [0x00, 201, 0, 1, 0, 0, 0, 1], scratch) == nil)
        #expect(seal(&sealer, [0x80, 201, 0, 1, 0, 0, 0, 1], scratch) != nil)
    }

    @Test("ends with the last index and never begins again", arguments: SRTPKeys.Profile.all)
    func lastIndex(profile: SRTPKeys.Profile) throws {
        var generator = SeededGenerator(seed: 19)
        let scratch = try SRTCPScratch()
        let keys = SRTPKeys.random(profile, using: &generator)
        var sealer = SRTCPSealer(try .rtcp(keys.local, profile), nextIndex: 0x7FFF_FFFE)
        var opener = try SRTCPOpener(peer(of: keys))
        let report = TestPackets.report(ssrc: 1, using: &generator)
        for _ in 0..<2 {
            let sealed = try #require(seal(&sealer, report, scratch))
            #expect(open(&opener, sealed, scratch) == report)
        }
        #expect(seal(&sealer, report, scratch) == nil)
    }
}
