import TestSupport
import Testing
import Wire

@Suite("Reports on arrivals")
struct TransportArrivalsTests {
    private let start = MonotonicTime(nanoseconds: 5_000_000_000_000)

    private func read(_ report: [UInt8]) throws -> TransportArrivals {
        guard case .transportFeedback(let arrivals)? = RTCPPacket.parse(report).first else {
            throw Unreadable()
        }
        return arrivals
    }

    private struct Unreadable: Error {}

    @Test("are read as they were written, whatever was lost and however late the rest came")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<200 {
            var feedback = TransportFeedback()
            let base = UInt16.random(in: 0...UInt16.max, using: &generator)
            let loss = Int.random(in: 0..<80, using: &generator)
            var expected: [UInt16: Int64] = [:]
            var now = start
            for offset in 0..<UInt16.random(in: 1...200, using: &generator) {
                now = now.advanced(byMilliseconds: Int64.random(in: 0...90, using: &generator))
                guard Int.random(in: 0..<100, using: &generator) >= loss || offset == 0 else { continue }
                feedback.receive(base &+ offset, at: now)
                expected[base &+ offset] = now.nanoseconds / 250_000
            }
            var found: [UInt16: Int64] = [:]
            while let report = feedback.build(sender: 1, media: 2) {
                let arrivals = try read(report)
                for (offset, ticks) in arrivals.ticks.enumerated() {
                    guard let ticks else { continue }
                    found[arrivals.base &+ UInt16(offset)] = ticks
                }
            }
            #expect(found.keys.sorted() == expected.keys.sorted())
            for (number, ticks) in found {
                let turns = (expected[number] ?? 0) - ticks
                #expect(turns % TransportArrivals.ticksPerTurn == 0, "\(number)")
            }
        }
    }

    @Test("that are cut off or claim too much are none")
    func malformed() throws {
        var feedback = TransportFeedback()
        for number in 0..<50 where number % 3 != 0 { feedback.receive(UInt16(number), at: start) }
        let built = feedback.build(sender: 1, media: 2)
        let report = try #require(built)
        for length in stride(from: 4, to: report.count, by: 4) {
            var cut = Array(report.prefix(length))
            (cut[2], cut[3]) = (0, UInt8(length / 4 - 1))
            if case .transportFeedback(let arrivals)? = RTCPPacket.parse(cut).first {
                Issue.record("\(length) bytes were read as \(arrivals)")
            }
        }
        var greedy = report
        (greedy[14], greedy[15]) = (0xFF, 0xFF)
        #expect(RTCPPacket.parse(greedy) == [.other(type: 205)])
    }

    @Test("REMB is read in bits a second")
    func maximumBitrate() {
        let packet: [UInt8] = [
            0x8F, 206, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0, 0x52, 0x45, 0x4D, 0x42, 1, 0x0B, 0x41, 0xA8, 0, 0, 0, 7,
        ]
        #expect(RTCPPacket.parse(packet) == [.maximumBitrate((3 << 16 | 0x41A8) << 2)])
    }
}

@Suite("What stands before a VP8 picture")
struct VP8DescriptorTests {
    private func read(_ payload: [UInt8]) -> VP8Descriptor? { VP8Descriptor(payload.span) }

    @Test("is read in all its forms")
    func forms() throws {
        let plain = try #require(read([0x10, 0, 1]))
        #expect(plain.beginsPicture && plain.bytes == 1 && plain.pictureID == nil && plain.temporalLayer == nil)
        let short = try #require(read([0x90, 0x80, 0x21, 9]))
        #expect(short.pictureID?.value == 0x21 && short.pictureID?.isLong == false && short.bytes == 3)
        let long = try #require(read([0x80, 0xE0, 0x92, 0x34, 7, 0xA0, 9]))
        #expect(long.pictureID?.value == 0x1234 && long.pictureID?.offset == 2 && !long.beginsPicture)
        #expect(long.temporalLayer == 2 && long.isSync && long.bytes == 6)
    }

    @Test("that is cut off is none")
    func cut() {
        for bytes: [UInt8] in [[], [0x90], [0x90, 0x80], [0x90, 0x80, 0x92], [0x90, 0xE0, 0x92, 0x34, 7]] {
            #expect(read(bytes) == nil, "\(bytes)")
        }
    }
}
