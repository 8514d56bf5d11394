internal import Foundation
import Load
import Synchronization

/// What is shown while a run goes on: on a terminal one line that is rewritten, elsewhere one now and then.
final class ProgressLine: Sendable {
    private static let everySeconds = 3.0

    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let shown = Mutex(-everySeconds)

    func show(_ progress: LoadProgress) {
        let due = shown.withLock { last in
            guard isTerminal || progress.elapsedSeconds - last >= Self.everySeconds else { return false }
            last = progress.elapsedSeconds
            return true
        }
        guard due else { return }
        let text = String(
            format: "%5.0f s  %@: %d of %d viewers joined%@, %.0f packets/s, %.1f Mb/s", progress.elapsedSeconds,
            progress.phase.rawValue, progress.joined, progress.viewers,
            progress.failed > 0 ? ", \(progress.failed) failed" : "", progress.packetsPerSecond,
            progress.bitsPerSecond / 1e6)
        write(isTerminal ? "\r\u{1B}[K\(text)" : "\(text)\n")
    }

    func end() {
        if isTerminal { write("\r\u{1B}[K") }
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
