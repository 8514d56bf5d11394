import TestSupport
import Testing
import Wire

@testable import SRTP

@Suite("Sealing RTP")
struct RTPSealerTests {
    private func seal(
        _ sealer: inout RTPSealer, header: [UInt8], payload: [UInt8], prefix: UInt16? = nil, rollover: UInt32 = 0,
        spare: Int = 0
    ) -> [UInt8] {
        let room = (prefix == nil ? 0 : 2) + payload.count + sealer.overheadBytes + spare
        var output = header + [UInt8](repeating: 0, count: max(0, room))
        let bytes = output.withUnsafeMutableBytes { output in
            payload.withUnsafeBytes {
                sealer.seal(
                    headerBytes: header.count, prefix: prefix, payload: $0, rolloverCounter: rollover, into: output)
            }
        }
        return Array(output.prefix(bytes))
    }

    @Test("gives the same bytes as libsrtp2, across wraps of the sequence number", arguments: Sealing.all)
    func referee(sealing: Sealing) throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<4 {
            let keys = SRTPKeys.random(sealing.profile, using: &generator)
            var sealer = try RTPSealer(keys, home: sealing.home)
            let referee = try #require(Referee(.sender, sealing.profile, master: keys.local))
            let ssrc = UInt32.random(in: 0...UInt32.max, using: &generator)
            var index = UInt64.random(in: 0..<0x8000, using: &generator)
            for _ in 0..<2_000 {
                let header = TestPackets.randomHeader(
                    sequence: UInt16(truncatingIfNeeded: index), ssrc: ssrc, using: &generator)
                let payload = generator.bytes(Int.random(in: 0...1_200, using: &generator))
                let sealed = seal(&sealer, header: header, payload: payload, rollover: UInt32(index >> 16))
                try #require(sealed == referee.protect(header + payload), "packet \(index)")
                index += UInt64.random(in: 1...200, using: &generator)
            }
            #expect(index > 0x2_0000)
        }
    }

    @Test("is the same for each length of a payload", arguments: Sealing.all)
    func lengths(sealing: Sealing) throws {
        var generator = SeededGenerator(seed: 2)
        let keys = SRTPKeys.random(sealing.profile, using: &generator)
        var sealer = try RTPSealer(keys, home: sealing.home)
        let referee = try #require(Referee(.sender, sealing.profile, master: keys.local))
        for length in 0..<300 {
            let header = TestPackets.header(sequence: UInt16(length), ssrc: 5)
            let payload = generator.bytes(length)
            #expect(seal(&sealer, header: header, payload: payload) == referee.protect(header + payload))
        }
    }

    @Test(
        "counts each bit of the rollover counter", arguments: Sealing.all,
        (0..<32).map { 1 << UInt32($0) } + [0xFFFF_FFFE])
    func rollover(sealing: Sealing, counter: UInt32) throws {
        var generator = SeededGenerator(seed: UInt64(counter))
        let keys = SRTPKeys.random(sealing.profile, using: &generator)
        var sealer = try RTPSealer(keys, home: sealing.home)
        let referee = try #require(Referee(.sender, sealing.profile, master: keys.local))
        let payload = generator.bytes(60)
        _ = referee.protect(TestPackets.header(sequence: 0, ssrc: 5) + payload)
        try #require(referee.setRolloverCounter(counter, of: 5))
        for sequence: UInt16 in 1...3 {
            let header = TestPackets.header(sequence: sequence, ssrc: 5)
            let sealed = seal(&sealer, header: header, payload: payload, rollover: counter)
            #expect(sealed == referee.protect(header + payload))
        }
    }

    @Test("keeps several sources of one viewer apart", arguments: Sealing.all)
    func sources(sealing: Sealing) throws {
        var generator = SeededGenerator(seed: 3)
        let keys = SRTPKeys.random(sealing.profile, using: &generator)
        var sealer = try RTPSealer(keys, home: sealing.home)
        let referee = try #require(Referee(.sender, sealing.profile, master: keys.local))
        for sequence: UInt16 in 0..<200 {
            for ssrc: UInt32 in [1, 0xFFFF_FFFF, 0x8000_0001] {
                let header = TestPackets.header(sequence: sequence, ssrc: ssrc)
                let payload = generator.bytes(100)
                #expect(seal(&sealer, header: header, payload: payload) == referee.protect(header + payload))
            }
        }
    }

    @Test("puts a retransmission's first two bytes in front of the payload", arguments: Sealing.all)
    func prefix(sealing: Sealing) throws {
        var generator = SeededGenerator(seed: 4)
        var sealer = try RTPSealer(.random(sealing.profile, using: &generator), home: sealing.home)
        for length in [0, 1, 13, 14, 15, 16, 300, 1_150] {
            let header = TestPackets.header(sequence: 9, ssrc: 77, extensionWords: 2)
            let payload = generator.bytes(length)
            let sealed = seal(&sealer, header: header, payload: payload, prefix: 0xABCD, rollover: 3)
            #expect(sealed.count == header.count + 2 + length + sealer.overheadBytes)
            #expect(sealed == seal(&sealer, header: header, payload: [0xAB, 0xCD] + payload, rollover: 3))
        }
    }

    @Test("gives a packet that is sealed again the same bytes", arguments: Sealing.all)
    func again(sealing: Sealing) throws {
        var generator = SeededGenerator(seed: 5)
        var sealer = try RTPSealer(.random(sealing.profile, using: &generator), home: sealing.home)
        let header = TestPackets.header(sequence: 1, ssrc: 2)
        let payload = generator.bytes(500)
        let first = seal(&sealer, header: header, payload: payload)
        _ = seal(&sealer, header: TestPackets.header(sequence: 2, ssrc: 2), payload: payload)
        #expect(seal(&sealer, header: header, payload: payload) == first)
    }

    @Test("encrypts a payload that is already in its place", arguments: Sealing.all)
    func inPlace(sealing: Sealing) throws {
        var generator = SeededGenerator(seed: 6)
        var sealer = try RTPSealer(.random(sealing.profile, using: &generator), home: sealing.home)
        let header = TestPackets.header(sequence: 1, ssrc: 2)
        let payload = generator.bytes(500)
        var output = header + payload + [UInt8](repeating: 0, count: sealer.overheadBytes)
        let bytes = output.withUnsafeMutableBytes { output in
            let payload = UnsafeRawBufferPointer(rebasing: output[12..<512])
            return sealer.seal(headerBytes: 12, payload: payload, rolloverCounter: 0, into: output)
        }
        #expect(bytes == output.count)
        #expect(output == seal(&sealer, header: header, payload: payload))
    }

    @Test("writes nothing into an output that is too small", arguments: Sealing.all, [nil, 7])
    func tooSmall(sealing: Sealing, prefix: UInt16?) throws {
        var generator = SeededGenerator(seed: 7)
        var sealer = try RTPSealer(.random(sealing.profile, using: &generator), home: sealing.home)
        let header = TestPackets.header(sequence: 1, ssrc: 1)
        let payload = generator.bytes(40)
        let needed = 12 + (prefix == nil ? 0 : 2) + 40 + sealer.overheadBytes
        for size in 0..<needed {
            let before = Array((header + [UInt8](repeating: 0, count: needed)).prefix(size))
            var output = before
            let bytes = output.withUnsafeMutableBytes { output in
                payload.withUnsafeBytes {
                    sealer.seal(headerBytes: 12, prefix: prefix, payload: $0, rolloverCounter: 0, into: output)
                }
            }
            #expect(bytes == 0 && output == before)
        }
        #expect(seal(&sealer, header: header, payload: payload, prefix: prefix).count == needed)
        #expect(seal(&sealer, header: header, payload: payload, prefix: prefix, spare: 9).count == needed)
    }

    @Test("refuses a header that can't be one", arguments: [Int.min, -1, 0, 11, 101, Int.max], [0, 11, 12, 100])
    func headerLength(headerBytes: Int, outputBytes: Int) throws {
        var generator = SeededGenerator(seed: 8)
        var sealer = try RTPSealer(.random(.aeadAES128GCM, using: &generator))
        var output = [UInt8](repeating: 0, count: outputBytes)
        let bytes = output.withUnsafeMutableBytes { output in
            sealer.seal(
                headerBytes: headerBytes, prefix: 1, payload: UnsafeRawBufferPointer(start: nil, count: 0),
                rolloverCounter: 0, into: output)
        }
        #expect(bytes == 0 && output.allSatisfy { $0 == 0 })
    }
}
