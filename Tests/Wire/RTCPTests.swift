import TestSupport
import Testing
import Wire

@Suite("RTCP")
struct RTCPTests {
    private let report = SenderReport(
        ssrc: 7, ntp: 0x0102_0304_0506_0708, rtp: 99, packets: 12, payloadBytes: 3_400)
    private let block = ReportBlock(
        ssrc: 5, fractionLost: 64, cumulativeLost: -3, highestSequence: 70_000, jitter: 8, lastReport: 9, delay: 10)

    @Test("says what was written")
    func roundTrip() {
        var compound = RTCPCompound()
        compound.senderReport(report)
        compound.canonicalName("vitrine", of: 7)
        compound.receiverReport(sender: 1, [block, block])
        compound.nack(sender: 1, media: 5, lost: [65_530, 65_531, 2, 3, 400])
        compound.pictureLossIndication(sender: 1, media: 5)
        #expect(compound.bytes.count % 4 == 0)
        #expect(
            RTCPPacket.parse(compound.bytes) == [
                .senderReport(report, blocks: []), .other(type: 202),
                .receiverReport(ssrc: 1, blocks: [block, block]),
                .nack(mediaSSRC: 5, lost: [65_530, 65_531, 2, 3, 400]), .keyFrameRequest,
            ])
    }

    @Test("that is cut off ends where it is whole")
    func cutOff() {
        var compound = RTCPCompound()
        compound.receiverReport(sender: 1)
        compound.nack(sender: 1, media: 5, lost: [9])
        for length in 0..<compound.bytes.count {
            #expect(RTCPPacket.parse(Array(compound.bytes.prefix(length))).count == (length < 8 ? 0 : 1))
        }
        // More report blocks announced than there is room for.
        #expect(RTCPPacket.parse([0x9F, 201, 0, 1, 0, 0, 0, 1]) == [.receiverReport(ssrc: 1, blocks: [])])
    }

    @Test("of random bytes harms nobody")
    func noise() {
        var generator = SeededGenerator(seed: 12)
        for _ in 0..<100_000 {
            var bytes = generator.bytes(Int.random(in: 0...80, using: &generator))
            if bytes.count > 3 {
                bytes[0] = bytes[0] & 0x1F | 0x80
                bytes[1] = UInt8.random(in: 199...208, using: &generator)
                bytes[2] = 0
                bytes[3] = UInt8.random(in: 0...20, using: &generator)
            }
            _ = RTCPPacket.parse(bytes)
        }
    }
}

@Suite("Transport-wide feedback")
struct TransportFeedbackTests {
    /// Sequence number and arrival in ticks of 250 µs, as a sender reads them.
    private func read(_ packet: [UInt8]) -> [(UInt16, Int64)] {
        let bytes = packet.span
        var sequence = bytes.word16(at: 12)
        var left = Int(bytes.word16(at: 14))
        var time = Int64(bytes.word32(at: 16) >> 8) * 256
        var offset = 20
        var statuses: [UInt8] = []
        while left > 0 {
            let chunk = bytes.word16(at: offset)
            offset += 2
            let found: [UInt8] =
                chunk >> 15 == 0
                ? Array(repeating: UInt8(chunk >> 13 & 3), count: Int(chunk & 0x1FFF))
                : (0..<7).map { UInt8(chunk >> UInt16(12 - 2 * $0) & 3) }
            statuses += found.prefix(left)
            left -= found.count
        }
        var arrivals: [(UInt16, Int64)] = []
        for status in statuses {
            if status == 1 {
                time += Int64(packet[offset])
                offset += 1
            } else if status == 2 {
                time += Int64(Int16(bitPattern: bytes.word16(at: offset)))
                offset += 2
            }
            if status != 0 { arrivals.append((sequence, time)) }
            sequence &+= 1
        }
        #expect(packet.count % 4 == 0 && packet.count == 4 * (Int(bytes.word16(at: 2)) + 1))
        return arrivals
    }

    @Test("tells each arrival once, whatever is lost, late or long ago", arguments: 0..<20)
    func roundTrip(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var feedback = TransportFeedback()
        var now: Int64 = 5_000_000_000
        var sequence = UInt16.random(in: 0...UInt16.max, using: &generator)
        var sent: [UInt16: Int64] = [:]
        var told: [UInt16: Int64] = [:]
        for _ in 0..<200 {
            var burst: [UInt16] = []
            for _ in 0..<Int.random(in: 0...40, using: &generator) {
                if Int.random(in: 0..<10, using: &generator) > 0 { burst.append(sequence) }
                sequence &+= 1
            }
            if burst.count > 3, Bool.random(using: &generator) { burst.swapAt(1, 3) }
            for number in burst {
                now += Int64.random(in: 0...(seed % 3 == 0 ? 900_000_000 : 3_000_000), using: &generator)
                feedback.receive(number, at: MonotonicTime(nanoseconds: now))
                sent[number] = now / 250_000
            }
            while let packet = feedback.build(sender: 1, media: 2) {
                for (number, time) in read(packet) {
                    #expect(told[number] == nil)
                    told[number] = time
                }
            }
        }
        #expect(told == sent && !sent.isEmpty)
    }
}

@Suite("What a receiver says of a source")
struct ReceiverTests {
    private func header(_ sequence: UInt16, timestamp: UInt32 = 0) throws -> RTPHeader {
        let bytes = [timestamp >> 24, timestamp >> 16, timestamp >> 8, timestamp].map(UInt8.init(truncatingIfNeeded:))
        return try #require(
            RTPHeader([0x80, 96, UInt8(sequence >> 8), UInt8(sequence & 0xFF)] + bytes + [0, 0, 0, 5]))
    }

    @Test("counts loss over a wrap, a quarter at a time")
    func loss() throws {
        var statistics = ReceiverStatistics(ssrc: 5, clockRate: 90_000)
        for sequence in 65_500..<65_700 where sequence % 4 != 0 {
            statistics.receive(
                try header(UInt16(sequence & 0xFFFF)), bytes: 100, at: MonotonicTime(nanoseconds: Int64(sequence)))
        }
        let report = statistics.reportBlock(at: MonotonicTime(nanoseconds: 0))
        let block = try #require(report)
        #expect((60...66).contains(block.fractionLost) && block.cumulativeLost == 49)
        #expect(block.highestSequence == 65_699)
        #expect(statistics.reportBlock(at: MonotonicTime(nanoseconds: 0))?.fractionLost == 0)
    }

    @Test("measures no jitter where there is none, and some where there is")
    func jitter() throws {
        func jitter(_ wobble: Int64) throws -> UInt32 {
            var statistics = ReceiverStatistics(ssrc: 5, clockRate: 90_000)
            for number in 0..<200 {
                let time = Int64(number) * 20_000_000 + (number % 2 == 0 ? wobble : 0)
                statistics.receive(
                    try header(UInt16(number), timestamp: UInt32(number) * 1_800), bytes: 1,
                    at: MonotonicTime(nanoseconds: time))
            }
            let report = statistics.reportBlock(at: MonotonicTime(nanoseconds: 0))
            return try #require(report).jitter
        }
        let (still, wobbling) = (try jitter(0), try jitter(10_000_000))
        #expect(still <= 1 && (800...900).contains(wobbling))
    }

    @Test("asks for what is missing until it comes or is not worth it any more")
    func missing() {
        var missing = MissingPackets()
        func at(_ milliseconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: milliseconds * 1_000_000) }
        missing.receive(65_534, at: at(0))
        missing.receive(2, at: at(0))
        #expect(missing.due(at: at(1)).isEmpty)
        #expect(missing.due(at: at(6)) == [65_535, 0, 1])
        #expect(missing.due(at: at(20)).isEmpty)
        missing.receive(0, at: at(30))
        #expect(missing.due(at: at(60)) == [65_535, 1])
        var asked = 1
        for time in stride(from: Int64(100), to: 3_000, by: 10) where !missing.due(at: at(time)).isEmpty { asked += 1 }
        #expect(asked <= 10 && missing.isEmpty && missing.needsKeyFrame)
    }

    @Test("wants a key frame rather than a thousand packets")
    func tooMuch() {
        var missing = MissingPackets()
        missing.receive(0, at: MonotonicTime(nanoseconds: 0))
        missing.receive(5_000, at: MonotonicTime(nanoseconds: 0))
        #expect(missing.isEmpty && missing.needsKeyFrame)
    }
}
