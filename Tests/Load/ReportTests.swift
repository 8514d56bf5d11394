import Foundation
import Testing

@testable import Load

struct ReportTests {
    private func good() -> LoadReport {
        var report = LoadReport()
        report.durationSeconds = 10
        report.viewers = .init(asked: 20, joined: 20, verifying: 1, failed: 0, failures: [:])
        report.delivery.packets = 64_000
        report.delivery.ofPublishedPercent = 100
        report.verification.toneWindows = 100
        report.publisher = .init(packets: 3_200)
        return report
    }

    @Test func percentilesAreValuesThatCame() throws {
        let values = try #require(Distribution((1...1_000).map(Double.init).shuffled()))
        #expect((values.p50, values.p99, values.p999, values.max) == (500, 990, 999, 1_000))
        #expect(Distribution([7])?.p999 == 7)
        #expect(Distribution([]) == nil)
    }

    @Test func latenciesOfThreadsAddUp() throws {
        var (first, second) = (LatencyRecorder(), LatencyRecorder())
        first.record(5_000_000, .video)
        #expect(first.count(.video) == 0)
        first.isRecording = true
        second.isRecording = true
        for _ in 0..<99 { first.record(100_000, .video) }
        second.record(20_000_000, .video)
        first.add(second)
        let spread = try #require(Distribution(first, .video))
        #expect(spread.count == 100)
        #expect(abs(spread.p50 - 100) < 1 && abs(spread.max - 20_000) < 20)
        #expect(Distribution(first, .audio) == nil)
    }

    @Test func aGoodRunHasNoFaults() {
        #expect(Verdict.faults(good()).isEmpty)
        #expect(Verdict.invalidReasons(good()).isEmpty)
    }

    @Test(
        arguments: [
            { $0.generator.busiestThreadPercent = 86 }, { $0.generator.cpuPercent = 90 },
            { $0.generator.corePercent = 97 }, { $0.generator.droppedPackets = 1 },
            { $0.publisher?.skippedFrames = 1 }, { $0.publisher?.refusedSends = 1 }, { $0.durationSeconds = 0 },
        ] as [@Sendable (inout LoadReport) -> Void])
    func aRunIsNotValidWhenTheGeneratorWasTheBottleneck(change: @Sendable (inout LoadReport) -> Void) {
        var report = good()
        change(&report)
        #expect(Verdict.invalidReasons(report).count == 1)
    }

    @Test(
        arguments: [
            { $0.viewers.joined = 19 }, { $0.viewers.failed = 1 }, { $0.delivery.ofPublishedPercent = 50 },
            {
                $0.delivery.packets = 0
                $0.delivery.ofPublishedPercent = nil
            },
            { $0.verification.forged = 1 }, { $0.verification.corrupt = 1 }, { $0.verification.misplaced = 1 },
            { $0.verification.undecodable = 1 }, { $0.verification.badToneWindows = 6 },
        ] as [@Sendable (inout LoadReport) -> Void])
    func whatAServerDoesWrongIsAFault(change: @Sendable (inout LoadReport) -> Void) {
        var report = good()
        change(&report)
        #expect(Verdict.faults(report).count == 1)
    }

    @Test func verifyingViewersAreSpreadEvenly() {
        var plan = LoadPlan()
        plan.verifyShare = 0.05
        let verifying = (0..<1_000).filter { plan.verifies($0) }
        #expect(verifying.count == 50)
        #expect(zip(verifying, verifying.dropFirst()).allSatisfy { $1 - $0 == 20 })
        plan.verifyShare = 1
        #expect((0..<100).allSatisfy { plan.verifies($0) })
        plan.verifyShare = 0
        #expect(!(0..<100).contains { plan.verifies($0) })
    }

    @Test func theJSONNamesItsUnits() throws {
        let text = String(decoding: try good().json(), as: UTF8.self)
        for key in ["\"packets_per_second\"", "\"lost_percent\"", "\"valid\" : true"] { #expect(text.contains(key)) }
    }
}
