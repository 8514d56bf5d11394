private import Dispatch
private import Foundation
private import Synchronization

/// Threads for calls that block, so that none of Swift's own few threads ever waits for a server.
final class WorkerThreads: Sendable {
    private struct Job {
        let arrival: ContinuousClock.Instant
        let run: @Sendable () -> Void
        let refuse: @Sendable (MongoFailure) -> Void
    }

    private struct State {
        var jobs: [Job] = []
        var running: Int
        var isClosed = false
        var onEnd: (@Sendable () -> Void)?
    }

    private static let longestQueue = 4_096
    private let state: Mutex<State>
    private let arrivals = DispatchSemaphore(value: 0)
    private let patience: Duration

    /// A call that has waited for a thread longer than `patience` fails at once: by then the server is away, and each
    /// call before it in the queue would wait for it in turn.
    init(count: Int, patience: Duration) {
        state = Mutex(State(running: count))
        self.patience = patience
        for _ in 0..<count {
            let thread = Thread { [self] in work() }
            thread.name = "vitrine.mongo"
            thread.start()
        }
    }

    func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async throws(MongoFailure) -> Value {
        try await withCheckedContinuation { (continuation: CheckedContinuation<Result<Value, MongoFailure>, Never>) in
            let job = Job(
                arrival: .now, run: { continuation.resume(returning: .success(body())) },
                refuse: { continuation.resume(returning: .failure($0)) })
            let refusal: MongoFailure? = state.withLock { state in
                if state.isClosed { return .closed }
                if state.jobs.count >= Self.longestQueue { return .busy }
                state.jobs.append(job)
                return nil
            }
            if let refusal { job.refuse(refusal) } else { arrivals.signal() }
        }.get()
    }

    /// Returns when what was asked for before has ended, and every thread with it.
    func close() async {
        await withCheckedContinuation { continuation in
            let threads = state.withLock { state -> Int in
                guard !state.isClosed else { return 0 }
                state.isClosed = true
                state.onEnd = { continuation.resume() }
                return state.running
            }
            if threads == 0 { continuation.resume() }
            for _ in 0..<threads { arrivals.signal() }
        }
    }

    private func work() {
        while true {
            arrivals.wait()
            // None left: this signal was that of `close`.
            guard let job = state.withLock({ $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }) else { break }
            if job.arrival.duration(to: .now) > patience { job.refuse(.busy) } else { job.run() }
        }
        let onEnd = state.withLock { state -> (@Sendable () -> Void)? in
            state.running -= 1
            return state.running == 0 ? state.onEnd : nil
        }
        onEnd?()
    }
}
