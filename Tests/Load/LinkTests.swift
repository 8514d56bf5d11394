import Foundation
import Testing
import Wire

@testable import Load

@Suite("Viewers' own links in a load run")
struct LoadLinkTests {
    private static func time(_ milliseconds: Double) -> MonotonicTime {
        MonotonicTime(nanoseconds: Int64(milliseconds * 1e6))
    }

    private func link(_ text: String) throws -> ShapedLink {
        ShapedLink(try LinkProfile(parsing: text), at: Self.time(0), using: SystemRandomNumberGenerator())
    }

    @Test func aProfileIsReadAsItIsWritten() throws {
        let profile = try LinkProfile(parsing: "rate=800,delay=30,queue=150,loss=2,burst=5,jitter=7")
        #expect(profile.capacity == .constant(800) && profile.delay == 30 && profile.queue == 150)
        #expect(profile.loss == 0.02 && profile.burst == 5 && profile.jitter == 7)
        let plain = try LinkProfile(parsing: "loss=1")
        #expect(plain.capacity == .unlimited && plain.delay == 25 && plain.queue == 200)
    }

    @Test(arguments: [
        "", "rate", "rate=", "rate=0", "rate=-5", "rate=fast", "speed=5", "loss=100", "rate=800,", "trace=/none",
        "burst=0", "delay=1e9",
    ])
    func whatIsNoProfileIsRefusedInWords(text: String) {
        #expect(throws: LoadFailure.self) { try LinkProfile(parsing: text) }
    }

    @Test func packetsLeaveAtTheLinksRateWaitAndOverflow() throws {
        var link = try link("rate=800,delay=25,queue=100")
        // 1,000 bits a packet with its headers are 1.25 ms.
        let arrivals = (0..<200).map { _ in link.send(97, at: Self.time(10)) }
        #expect(arrivals[0] == Self.time(10 + 1.25 + 25))
        #expect(arrivals[40] == Self.time(10 + 41 * 1.25 + 25))
        // 100 ms of waiting are 80 packets; the one in front of them doesn't wait.
        #expect(arrivals.count { $0 != nil } == 81)
        #expect(link.send(97, at: Self.time(500)) == Self.time(500 + 1.25 + 25))
    }

    @Test func aTraceCarriesWhatItSaysAndBeginsAnew() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(
            "trace-\(UInt64.random(in: 0...(.max)))")
        defer { try? FileManager.default.removeItem(at: file) }
        try "0 1000\n200 0\n400 500\n600 1000\n".write(to: file, atomically: true, encoding: .utf8)
        var link = try link("trace=\(file.path),delay=0,queue=10000")
        // 400 kbit need 200 ms at 1,000, nothing for 200, 200 at 500, 100 at 1,000.
        #expect(link.send(50_000 - 28, at: Self.time(0)) == Self.time(700))
        // It has gone round: 800 to 1,000 ms again at 1,000.
        #expect(link.send(12_500 - 28, at: Self.time(850)) == Self.time(950))
        try "0 0\n".write(to: file, atomically: true, encoding: .utf8)
        #expect(throws: LoadFailure.self) { try LinkProfile(parsing: "trace=\(file.path)") }
    }

    @Test(arguments: [1.0, 5.0])
    func lossIsAsMuchAsAskedForInRowsAsLong(burst: Double) throws {
        var link = try link("loss=10,burst=\(burst)")
        let lost = (0..<200_000).map { link.send(100, at: Self.time(Double($0))) == nil }
        let share = Double(lost.count { $0 }) / 200_000
        #expect(abs(share - 0.1) < 0.01, "\(share)")
        let rows = zip(lost, lost.dropFirst()).count { !$0 && $1 }
        #expect(abs(Double(lost.count { $0 }) / Double(rows) - (burst == 1 ? 1.11 : burst)) < 0.5)
    }

    @Test func weakViewersAreSpreadAndVerifyNothing() {
        var plan = LoadPlan()
        plan.verifyShare = 0.05
        plan.weakShare = 0.25
        #expect((0..<200).count { plan.verifies($0) } == 10, "no links: all are alike")
        plan.links = [LinkProfile(), LinkProfile()]
        plan.links[1].delay = 99
        let links = (0..<200).map { plan.link(of: $0) }
        #expect(links.count { $0 != nil } == 50 && links.count { $0?.delay == 99 } == 25)
        #expect((0..<200).count { plan.verifies($0) } == 7)
        #expect(!(0..<200).contains { plan.verifies($0) && links[$0] != nil })
    }
}

@Suite("What can be watched")
struct PictureWatchTests {
    private var watch = PictureWatch()
    private var time: Int64 = 1_000_000_000

    /// A frame of three packets.
    private mutating func frame(_ number: Int, isKey: Bool = false, without lost: Set<Int> = []) {
        for packet in 0..<3 where !lost.contains(packet) {
            watch.receive(
                UInt16(truncatingIfNeeded: number * 3 + packet), endsFrame: packet == 2,
                beginsKeyFrame: isKey && packet == 0, at: MonotonicTime(nanoseconds: time))
        }
    }

    private var shares: (watchable: UInt32, total: UInt32) {
        var seconds = watch.seconds
        seconds.settle(at: MonotonicTime(nanoseconds: time))
        return (seconds.watchable, seconds.total)
    }

    @Test mutating func thirtyFramesASecondCanBeWatchedOverTheWrap() {
        watch.seconds.settle(at: MonotonicTime(nanoseconds: time))
        for number in 21_800..<22_100 {
            frame(number, isKey: number == 21_800)
            time += 33_333_334
        }
        #expect(shares == (10, 10))
    }

    @Test mutating func nothingIsSeenBeforeAKeyFrameNorBehindAGap() {
        watch.seconds.settle(at: MonotonicTime(nanoseconds: time))
        for number in 0..<300 {
            // From the third second on a packet is missing, until a key frame comes in the sixth.
            frame(number, isKey: number == 30 || number == 180, without: number == 90 ? [1] : [])
            time += 33_333_334
        }
        #expect(shares == (6, 10))
    }

    @Test mutating func whatComesLateMendsTheGap() {
        watch.seconds.settle(at: MonotonicTime(nanoseconds: time))
        for number in 0..<90 {
            frame(number, isKey: number == 0, without: number % 10 == 5 ? [1] : [])
            if number % 10 == 7 {
                watch.receive(
                    UInt16((number - 2) * 3 + 1), endsFrame: false, beginsKeyFrame: false,
                    at: MonotonicTime(nanoseconds: time))
            }
            time += 33_333_334
        }
        #expect(shares == (3, 3))
    }

    @Test mutating func aGapOfHalfASecondSpoilsItsSecond() {
        watch.seconds.settle(at: MonotonicTime(nanoseconds: time))
        for number in 0..<30 {
            frame(number, isKey: number == 0)
            time += number == 14 ? 600_000_000 : 20_000_000
        }
        time = 3_000_000_000
        #expect(shares == (0, 2))
    }
}
