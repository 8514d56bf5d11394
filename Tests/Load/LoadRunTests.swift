import Logging
import SFU
import Testing

@testable import Load

struct LoadRunTests {
    private func run(serverOffers: Bool, _ plan: LoadPlan) async throws -> LoadReport {
        let relay = try Relay(
            configuration: RelayConfiguration(port: 0, includesLoopback: true), logger: Logger(label: "test"))
        defer { relay.stop() }
        let signaling = RelaySignaling(relay: relay, serverOffers: serverOffers)
        return try await LoadRun(plan: plan, signaling: signaling, serverHost: "127.0.0.1") { _ in }.run()
    }

    private var plan: LoadPlan {
        var plan = LoadPlan()
        plan.viewers = 10
        plan.durationSeconds = 1
        plan.verifyShare = 0.5
        // Hundreds of tests run beside this one: packets come late, and whoever reports that is served less.
        plan.givesFeedback = false
        return plan
    }

    @Test(arguments: [false, true])
    func viewersOfARelayGetAllThatIsPublished(serverOffers: Bool) async throws {
        let report = try await run(serverOffers: serverOffers, plan)
        #expect(report.viewers.joined == 10)
        #expect(report.faults.isEmpty)
        #expect(report.delivery.lost == 0)
        #expect(report.verification.packets > 1_000 && report.verification.toneWindows > 10)
        let latency = try #require(report.latency.frameEndUs)
        #expect(latency.count > 100 && latency.p50 > 1)
    }

    @Test func severalDatagramsAtOnceCountAsMany() async throws {
        var joined = plan
        joined.joinsReceives = true
        joined.threads = 2
        let report = try await run(serverOffers: false, joined)
        #expect(report.viewers.joined == 10)
        #expect(report.faults.isEmpty)
        #expect(report.delivery.lost == 0)
    }

    @Test func viewersThatReportArrivalsAreServed() async throws {
        var reporting = plan
        reporting.givesFeedback = true
        let report = try await run(serverOffers: false, reporting)
        #expect(report.viewers.joined == 10)
        #expect(report.delivery.lost == 0)
        #expect(report.verification.packets > 100)
    }
}
