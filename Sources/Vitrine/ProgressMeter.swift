internal import Foundation
import Storage

/// Shows how far a copy is: a bar that moves on a terminal, a line every few seconds elsewhere.
struct ProgressMeter {
    private static let barWidth = 30
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var lastShown: ContinuousClock.Instant?
    private var lastStage: StoreCopy.Progress.Stage?

    mutating func show(_ progress: StoreCopy.Progress) {
        let pause = isTerminal ? Duration.milliseconds(100) : .seconds(5)
        let isEnd = progress.livestreams == progress.totalLivestreams
        if let lastShown, lastStage == progress.stage, !isEnd, lastShown.duration(to: .now) < pause { return }
        lastShown = .now
        lastStage = progress.stage
        let stage = progress.stage == .copying ? "copying" : "checking"
        let counts = "\(progress.livestreams) of \(progress.totalLivestreams) livestreams, \(progress.records) records"
        if isTerminal {
            let filled =
                progress.totalLivestreams == 0 ? 0 : Self.barWidth * progress.livestreams / progress.totalLivestreams
            let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.barWidth - filled)
            write("\r\(stage.padding(toLength: 8, withPad: " ", startingAt: 0)) [\(bar)] \(counts)")
        } else {
            write("vitrine: \(stage): \(counts)\n")
        }
    }

    func end() {
        if isTerminal, lastShown != nil { write("\n") }
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
