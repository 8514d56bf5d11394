/// What makes a run invalid, and what a server must not do. Pure, so that each rule can be tested.
package enum Verdict {
    package static let busyLimitPercent = 85.0
    /// Opus may garble a window after a loss; more is no tone.
    private static let badToneLimit = 0.05
    private static let leastOfPublishedPercent = 90.0

    /// Why the generator was the bottleneck.
    package static func invalidReasons(_ report: LoadReport) -> [String] {
        var reasons: [String] = []
        let generator = report.generator
        func limit(_ percent: Double?, _ what: String) {
            guard let percent, percent > busyLimitPercent else { return }
            reasons.append("\(what) busy for \(Int(percent.rounded())) % of the time")
        }
        limit(generator.busiestThreadPercent, "a thread of the generator was")
        limit(generator.cpuPercent, "the generator's processors were")
        if generator.cpuPercent <= busyLimitPercent {
            limit(generator.corePercent, "the generator's processors, with what else runs on them, were")
        }
        if generator.droppedPackets > 0 {
            reasons.append("the generator's own sockets overflowed: \(generator.droppedPackets) packets")
        }
        if let published = report.publisher, published.skippedFrames + published.refusedSends > 0 {
            reasons.append(
                "the publisher could not keep its pace: \(published.skippedFrames) frames left out, "
                    + "\(published.refusedSends) packets refused by the kernel")
        }
        if report.durationSeconds <= 0, !report.interrupted { reasons.append("nothing was measured") }
        return reasons
    }

    /// What the server did wrong: it, and not the generator, when the run is valid.
    package static func faults(_ report: LoadReport) -> [String] {
        var faults: [String] = []
        let (viewers, delivery, checks) = (report.viewers, report.delivery, report.verification)
        if viewers.joined < viewers.asked, !report.interrupted {
            let reason = viewers.failures.max { $0.value < $1.value }.map { ": \($0.key)" } ?? ""
            faults.append("\(viewers.asked - viewers.joined) of \(viewers.asked) viewers never had a picture\(reason)")
        } else if viewers.failed > 0 {
            let reason = viewers.failures.max { $0.value < $1.value }.map { ": \($0.key)" } ?? ""
            faults.append("\(viewers.failed) viewers were cut off\(reason)")
        }
        if let share = delivery.ofPublishedPercent, share < leastOfPublishedPercent, viewers.joined > 0 {
            faults.append("the viewers got \(Int(share)) % of what was published")
        } else if delivery.packets == 0, viewers.joined > 0, report.durationSeconds > 0 {
            faults.append("the viewers got nothing")
        }
        if checks.forged > 0 { faults.append("\(checks.forged) packets with a wrong tag") }
        if checks.corrupt > 0 { faults.append("\(checks.corrupt) packets with other content than was published") }
        if checks.misplaced > 0 { faults.append("\(checks.misplaced) packets with numbers that don't fit their place") }
        if checks.undecodable > 0 { faults.append("\(checks.undecodable) packets that Opus can't decode") }
        if Double(checks.badToneWindows) > badToneLimit * Double(checks.toneWindows) {
            faults.append("the tone is not heard in \(checks.badToneWindows) of \(checks.toneWindows) parts of 100 ms")
        }
        return faults
    }
}
