import Foundation
import Net
import Wire

extension LoadRun {
    func report(_ standings: [ViewerWorker.Standing]) -> LoadReport {
        var report = LoadReport()
        report.interrupted = Task.isCancelled
        report.viewers = viewers(standings)
        report.joins = Self.joins(standings)
        report.verification = Self.verification(standings)
        if let measurement {
            report.durationSeconds = measurement.seconds
            let weak = standings.count { $0.isWeak && $0.hasJoined }
            report.delivery = delivery(measurement, joined: report.viewers.joined - weak)
            report.weak = plan.links.isEmpty ? nil : Self.weak(measurement, joined: weak)
            report.watchable = Self.watchable(measurement)
            report.publisher = Self.publisher(measurement)
            report.server = server(measurement, report)
            let packets = report.delivery.packets + (report.weak?.packets ?? 0)
            report.generator = generator(measurement, packets: packets)
        }
        report.generator.rampSeconds = rampSeconds
        report.latency = .init(
            videoUs: Distribution(latencies, .video), frameEndUs: Distribution(latencies, .frameEnd),
            audioUs: Distribution(latencies, .audio), jitterUs: Distribution(latencies, .jitter))
        report.invalidReasons = Verdict.invalidReasons(report)
        report.valid = report.invalidReasons.isEmpty
        report.faults = Verdict.faults(report)
        return report
    }

    private func viewers(_ standings: [ViewerWorker.Standing]) -> LoadReport.Viewers {
        var viewers = LoadReport.Viewers()
        viewers.asked = plan.viewers
        viewers.joined = standings.count { $0.hasJoined }
        viewers.verifying = standings.count { $0.isVerifying && $0.hasJoined }
        let reasons = standings.compactMap(\.failure) + refusals
        viewers.failed = reasons.count
        viewers.failures = Dictionary(reasons.map { ($0, 1) }, uniquingKeysWith: +)
        return viewers
    }

    private static func joins(_ standings: [ViewerWorker.Standing]) -> LoadReport.Joins {
        func times(_ moment: (JoinTimes) -> MonotonicTime?) -> Distribution? {
            Distribution(
                standings.compactMap { viewer in
                    moment(viewer.times).map { Double($0.nanoseconds - viewer.times.asked.nanoseconds) / 1e6 }
                })
        }
        return .init(
            connectedMs: times(\.connected), firstMediaMs: times(\.firstMedia), firstKeyFrameMs: times(\.firstKeyFrame)
        )
    }

    private static func verification(_ standings: [ViewerWorker.Standing]) -> LoadReport.Verification {
        let sum = standings.reduce(into: Findings()) { $0 += $1.findings }
        return .init(
            packets: sum.opened, forged: sum.forged, corrupt: sum.corrupt, misplaced: sum.misplaced,
            undecodable: sum.undecodable, toneWindows: sum.goodToneWindows + sum.badToneWindows,
            badToneWindows: sum.badToneWindows)
    }

    private func delivery(_ measurement: Measurement, joined: Int) -> LoadReport.Delivery {
        let (count, seconds) = (measurement.count, measurement.seconds)
        var delivery = LoadReport.Delivery()
        delivery.packets = count.packets
        delivery.bytes = count.bytes
        delivery.packetsPerSecond = seconds > 0 ? Double(count.packets) / seconds : 0
        delivery.bitsPerSecond = seconds > 0 ? Double(count.bytes) * 8 / seconds : 0
        delivery.expected = measurement.expected()
        delivery.lost = measurement.lost()
        delivery.lostPercent = delivery.expected > 0 ? 100 * Double(delivery.lost) / Double(delivery.expected) : 0
        delivery.repaired = count.repairs
        delivery.late = count.late
        delivery.duplicates = count.duplicates
        delivery.restarts = count.restarts
        delivery.strangers = count.strangers
        if let published = measurement.published, joined > 0 {
            let sent = published.after.packets - published.before.packets
            let wanted = Double(sent) * Double(joined)
            delivery.ofPublishedPercent = wanted > 0 ? 100 * Double(count.packets - count.duplicates) / wanted : nil
        }
        return delivery
    }

    private static func weak(_ measurement: Measurement, joined: Int) -> LoadReport.Weak {
        let (count, seconds) = (measurement.weak, measurement.seconds)
        return .init(
            viewers: joined, packets: count.packets, bytes: count.bytes,
            bitsPerSecond: seconds > 0 && joined > 0 ? Double(count.bytes) * 8 / seconds / Double(joined) : 0,
            expected: measurement.expected(weak: true), lost: measurement.lost(weak: true), repaired: count.repairs)
    }

    private static func watchable(_ measurement: Measurement) -> LoadReport.Watchable {
        func share(_ count: ViewerCount) -> Double? {
            count.seconds > 0 ? Double(count.watchableSeconds) / Double(count.seconds) : nil
        }
        var all = measurement.count
        all += measurement.weak
        return .init(all: share(all), weak: share(measurement.weak), others: share(measurement.count))
    }

    private static func publisher(_ measurement: Measurement) -> LoadReport.Published? {
        guard let (before, after) = measurement.published else { return nil }
        return .init(
            packets: after.packets - before.packets, bytes: after.bytes - before.bytes,
            keyFrames: after.keyFrames - before.keyFrames,
            keyFrameRequests: after.keyFrameRequests - before.keyFrameRequests, nacked: after.nacked - before.nacked,
            resent: after.resent - before.resent, skippedFrames: after.skippedFrames - before.skippedFrames,
            refusedSends: after.refusedSends - before.refusedSends)
    }

    private func server(_ measurement: Measurement, _ report: LoadReport) -> LoadReport.Server? {
        guard let cpu = measurement.serverCPU else { return nil }
        var server = LoadReport.Server()
        server.cpuSeconds = cpu.after - cpu.before
        server.cpuPercent = measurement.seconds > 0 ? 100 * server.cpuSeconds / measurement.seconds : 0
        let packets = Double(report.delivery.packets + (report.weak?.packets ?? 0))
        if packets > 0, server.cpuSeconds > 0 {
            server.cpuSecondsPerMillionPackets = server.cpuSeconds / packets * 1e6
            server.packetsPerCpuSecond = packets / server.cpuSeconds
        }
        server.residentBytesBefore = residentBefore
        server.residentBytes = residentAfter
        if let residentBefore, let residentAfter, report.viewers.joined > 0 {
            server.residentBytesPerViewer =
                (Double(residentAfter) - Double(residentBefore)) / Double(report.viewers.joined)
        }
        return server
    }

    private func generator(_ measurement: Measurement, packets: UInt64) -> LoadReport.Generator {
        var generator = LoadReport.Generator()
        let seconds = measurement.seconds
        generator.cpuSeconds = measurement.ownCPU.after - measurement.ownCPU.before
        generator.busiestThreadPercent = measurement.busiestThreadPercent
        let cores = max(1, OwnProcess.cores.count)
        generator.cpuPercent = seconds > 0 ? 100 * generator.cpuSeconds / seconds / Double(cores) : 0
        if let (before, after) = measurement.coreTicks, after.all > before.all {
            generator.corePercent = 100 * (after.busy - before.busy) / (after.all - before.all)
        }
        if packets > 0 { generator.nanosecondsPerPacket = Double(measurement.viewersBusy) / Double(packets) }
        generator.droppedPackets = measurement.dropped
        return generator
    }
}
