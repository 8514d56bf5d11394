import Synchronization

/// How many viewers a worker has, with those who are on their way to it.
final class WorkerLoad: Sendable {
    private let viewers = Atomic<Int>(0)

    var count: Int { viewers.load(ordering: .relaxed) }

    func join() { viewers.add(1, ordering: .relaxed) }
    func leave() { viewers.subtract(1, ordering: .relaxed) }
}
