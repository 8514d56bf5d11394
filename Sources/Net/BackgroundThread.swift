private import CNet
private import Foundation

// Unchecked: what is shared is under the condition's lock.
/// A thread that does one thing after the other, in their order, and gives way to others. It gives memory back to the
/// system when it has been busy and then had nothing to do for a while.
package final class BackgroundThread: @unchecked Sendable {
    /// So much work may have left memory behind that is worth giving back.
    private static let muchWork = 64
    private static let quietSeconds = 1.0

    private let condition = NSCondition()
    private var work: [@Sendable () -> Void] = []
    private var isStopped = false

    package init(name: String) {
        let thread = Thread { [self] in
            cnet_lower_priority()
            run()
        }
        thread.name = name
        thread.start()
    }

    package func perform(_ body: @escaping @Sendable () -> Void) {
        condition.withLock {
            work.append(body)
            condition.signal()
        }
    }

    /// After what is to be done already.
    package func stop() {
        condition.withLock {
            isStopped = true
            condition.signal()
        }
    }

    private func run() {
        var sinceTrim = 0
        while let next = take(patience: sinceTrim >= Self.muchWork ? Self.quietSeconds : nil) {
            if next.isEmpty {
                cnet_trim_memory()
                sinceTrim = 0
            }
            for body in next { body() }
            sinceTrim += next.count
        }
    }

    /// What is to be done; empty when there was nothing for so many seconds; nil at the end.
    private func take(patience: Double?) -> [@Sendable () -> Void]? {
        condition.withLock {
            let limit = patience.map { Date(timeIntervalSinceNow: $0) }
            while work.isEmpty, !isStopped {
                guard let limit else {
                    condition.wait()
                    continue
                }
                if !condition.wait(until: limit) { break }
            }
            guard !work.isEmpty || !isStopped else { return nil }
            defer { work = [] }
            return work
        }
    }
}
