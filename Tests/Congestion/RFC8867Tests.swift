import Testing
import Wire

@testable import Congestion

/// The cases of RFC 8867, section 5, and links that lose, in virtual time. What the RFC expects of each is in section 5 as
/// prose; here it is held to: a link is used, nobody is starved, and nobody sends more than the link carries for long.
@Suite("The estimate, in RFC 8867's cases")
struct RFC8867Tests {
    struct Case: Sendable, CustomStringConvertible {
        let name: String
        let seconds: Int
        let capacity: [(from: Double, kbps: Double)]
        var queueMS = 300.0
        var loss = 0.0
        var oneWayMS: [Double] = [50]
        /// Flow by flow, when it sends, ms.
        var active: [[ClosedRange<Double>]] = []
        /// Long ones, and short ones of 500 kB each that come again after some seconds.
        var tcp = (long: 0, short: 0)
        /// What the way back carries, where reports have to come through what another flow sends there.
        var back: [(from: Double, kbps: Double)] = []
        var leastUse = 0.0
        /// Of an equal part, what each flow gets at least in the second half.
        var leastShare = 0.0

        var description: String { name }
    }

    static let cases: [Case] = [
        Case(
            name: "5.1 changing link", seconds: 100,
            capacity: [(0, 1_000), (40_000, 2_500), (60_000, 600), (80_000, 1_000)], leastUse: 0.8),
        Case(
            name: "5.2 changing link, two flows", seconds: 125,
            capacity: [(0, 4_000), (25_000, 2_000), (50_000, 3_500), (75_000, 1_000), (100_000, 2_000)],
            oneWayMS: [50, 50], leastUse: 0.8, leastShare: 0.5),
        Case(
            name: "5.3 congested feedback", seconds: 100,
            capacity: [(0, 2_000), (20_000, 1_000), (40_000, 500), (60_000, 2_000)],
            back: [(0, 2_000), (35_000, 800), (70_000, 2_000)], leastUse: 0.7),
        Case(
            name: "5.4 flows that come later", seconds: 120, capacity: [(0, 3_500)], oneWayMS: [50, 50, 50],
            active: [[0...120_000], [20_000...120_000], [40_000...120_000]], leastUse: 0.7, leastShare: 0.3),
        Case(
            name: "5.5 other delays", seconds: 300, capacity: [(0, 4_000)], oneWayMS: [10, 25, 50, 100, 150],
            leastUse: 0.8, leastShare: 0.25),
        Case(
            name: "5.6 long TCP, 300 ms", seconds: 120, capacity: [(0, 2_000)], tcp: (1, 0), leastUse: 0.2,
            leastShare: 0.2),
        Case(
            name: "5.6 long TCP, 1000 ms", seconds: 120, capacity: [(0, 2_000)], queueMS: 1_000, tcp: (1, 0),
            leastUse: 0.2, leastShare: 0.2),
        Case(
            name: "5.7 short TCP", seconds: 300, capacity: [(0, 2_000)], tcp: (0, 10), leastUse: 0.2, leastShare: 0.15),
        Case(
            name: "5.8 pause", seconds: 120, capacity: [(0, 3_500)], oneWayMS: [50, 50, 50],
            active: [[0...40_000, 60_000...120_000], [0...120_000], [0...120_000]], leastUse: 0.8, leastShare: 0.5),
        Case(name: "2 % lost at random", seconds: 60, capacity: [(0, 6_000)], loss: 0.02, leastUse: 0.9, leastShare: 0),
        Case(name: "20 % lost at random", seconds: 60, capacity: [(0, 6_000)], loss: 0.2, leastUse: 0.7, leastShare: 0),
    ]

    private func run(_ test: Case) -> Scenario.Score {
        let flows = test.oneWayMS.map { VirtualFlow(oneWayMS: $0, seconds: test.seconds) }
        let link = VirtualLink(capacity: test.capacity, queueMS: test.queueMS, loss: test.loss)
        let scenario = Scenario(link, flows, seconds: test.seconds)
        if !test.back.isEmpty {
            let back = VirtualLink(capacity: test.back, queueMS: test.queueMS, seed: 2)
            scenario.back = BackLink(back, for: flows[0], seconds: test.seconds)
        }
        scenario.others = (0..<test.tcp.long + test.tcp.short).map { number in
            VirtualTCP(oneWayMS: 50, bytes: number < test.tcp.long ? nil : 0)
        }
        scenario.script = { scenario, now in
            for (number, spans) in test.active.enumerated() {
                scenario.flows[number].isPaused = !spans.contains { $0.contains(now) }
            }
            for number in 0..<test.tcp.short where Int(now) % 40_000 == 4_000 * number {
                scenario.others[number].rest = 500_000
            }
        }
        return scenario.run()
    }

    @Test("each case is used as it should be, and the scoreboard says what was measured")
    func cases() throws {
        var lines: [String] = []
        for test in Self.cases {
            let score = run(test)
            lines.append(Scoreboard.line(test.name, score))
            #expect(score.use >= test.leastUse, "\(test)")
            #expect(score.overloadedSeconds <= 2, "\(test)")
            let equal = (test.capacity.last?.kbps ?? 0) / Double(max(1, test.oneWayMS.count + test.tcp.long))
            for share in score.shares { #expect(share >= test.leastShare * min(equal, 1_500), "\(test)") }
        }
        let news = try Scoreboard.compare(lines)
        #expect(news.isEmpty, "other than committed: \(news.joined(separator: "\n"))")
    }
}
