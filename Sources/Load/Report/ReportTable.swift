private import Foundation

/// The report for people.
package struct ReportTable {
    private var lines: [String] = []

    package init(_ report: LoadReport) {
        addViewers(report)
        addDelivery(report.delivery, seconds: report.durationSeconds)
        addWatchable(report)
        addLatency(report.latency)
        addVerification(report.verification, viewers: report.viewers.verifying)
        addServer(report)
        for fault in report.faults { lines.append("FAULT: \(fault)") }
        for reason in report.invalidReasons { lines.append("NOT VALID: \(reason)") }
        if report.interrupted {
            lines.append("interrupted: the figures are of \(Self.number(report.durationSeconds, 1)) s")
        }
    }

    package var text: String { lines.joined(separator: "\n") + "\n" }

    private mutating func addViewers(_ report: LoadReport) {
        row(
            "viewers",
            "\(report.viewers.joined) of \(report.viewers.asked) joined in \(Self.number(report.generator.rampSeconds, 1)) s"
        )
        for (reason, count) in report.viewers.failures.sorted(by: { $0.value > $1.value }).prefix(5) {
            row("", "\(count) × \(reason)")
        }
        heading("join, ms")
        distribution("to connected", report.joins.connectedMs)
        distribution("to first media", report.joins.firstMediaMs)
        distribution("to first whole key frame", report.joins.firstKeyFrameMs)
    }

    private mutating func addDelivery(_ delivery: LoadReport.Delivery, seconds: Double) {
        lines.append("")
        row("measured", "\(Self.number(seconds, 1)) s")
        row(
            "delivered",
            "\(Self.number(delivery.packetsPerSecond, 0)) packets/s, "
                + "\(Self.number(delivery.bitsPerSecond / 1e6, 1)) Mb/s")
        if let share = delivery.ofPublishedPercent { row("of what was published", "\(Self.number(share, 2)) %") }
        row("lost after repair", "\(delivery.lost) of \(delivery.expected) (\(Self.number(delivery.lostPercent, 4)) %)")
        row("repaired, late, doubled", "\(delivery.repaired), \(delivery.late), \(delivery.duplicates)")
    }

    private mutating func addWatchable(_ report: LoadReport) {
        func percent(_ share: Double?) -> String? { share.map { "\(Self.number(100 * $0, 1)) %" } }
        guard let all = percent(report.watchable.all) else { return }
        guard let weak = report.weak else { return row("seconds to be watched", all) }
        let parts = [("weak", report.watchable.weak), ("others", report.watchable.others)]
            .compactMap { name, share in percent(share).map { "\(name) \($0)" } }
        row("seconds to be watched", "\(all) (\(parts.joined(separator: ", ")))")
        row(
            "weak viewers",
            "\(weak.viewers), each \(Self.number(weak.bitsPerSecond / 1e3, 0)) kb/s, \(weak.lost) of \(weak.expected) "
                + "packets lost on their links after repair")
    }

    private mutating func addLatency(_ latency: LoadReport.Latencies) {
        guard latency.videoUs != nil || latency.audioUs != nil else { return }
        heading("forwarding, µs")
        distribution("video, frame hold included", latency.videoUs)
        distribution("video, last of each frame", latency.frameEndUs)
        distribution("audio", latency.audioUs)
        distribution("jitter of frames", latency.jitterUs)
    }

    private mutating func addVerification(_ checks: LoadReport.Verification, viewers: Int) {
        guard viewers > 0 else { return }
        lines.append("")
        row(
            "verified",
            "\(checks.packets) packets of \(viewers) viewers: \(checks.forged) forged, \(checks.corrupt) corrupt, "
                + "\(checks.misplaced) misplaced")
        if checks.toneWindows > 0 {
            row("tone heard", "\(checks.toneWindows - checks.badToneWindows) of \(checks.toneWindows) parts of 100 ms")
        }
    }

    private mutating func addServer(_ report: LoadReport) {
        lines.append("")
        if let server = report.server {
            row("server CPU", "\(Self.number(server.cpuPercent, 1)) % of a processor")
            if let cost = server.cpuSecondsPerMillionPackets, let rate = server.packetsPerCpuSecond {
                row("", "\(Self.number(cost, 3)) s per million packets, \(Self.number(rate, 0)) packets per CPU-second")
            }
            if let bytes = server.residentBytesPerViewer {
                row("server memory", "\(Self.number(bytes / 1_024, 1)) KiB a viewer, resident")
            }
        }
        let generator = report.generator
        row(
            "generator",
            "\(Self.number(generator.cpuPercent, 1)) % of its processors, busiest thread "
                + "\(Self.number(generator.busiestThreadPercent, 1)) %"
                + (generator.nanosecondsPerPacket.map { ", \(Self.number($0, 0)) ns a packet" } ?? ""))
    }

    private mutating func heading(_ title: String) {
        lines.append("")
        lines.append(Self.left(title, 28) + ["p50", "p99", "p99.9", "max"].map { Self.right($0, 10) }.joined())
    }

    private mutating func distribution(_ name: String, _ values: Distribution?) {
        guard let values else { return }
        let columns = [values.p50, values.p99, values.p999, values.max].map { Self.right(Self.number($0, 1), 10) }
        lines.append(Self.left(name, 28) + columns.joined())
    }

    private mutating func row(_ name: String, _ value: String) { lines.append(Self.left(name, 28) + value) }

    private static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(1, width - text.count)) + text
    }

    private static func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
}
