internal import Foundation
import UnixSignals

/// Control-C once: an orderly end. Twice: at once.
struct Interruption: Sendable {
    private let task: Task<Void, Never>

    init(_ body: @escaping @Sendable () -> Void) {
        task = Task {
            var count = 0
            for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
                count += 1
                if count == 1 { body() } else { _exit(1) }
            }
        }
    }

    func cancel() { task.cancel() }
}
