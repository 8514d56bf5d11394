private import CNet
private import Foundation
private import Glibc
package import Wire

// Unchecked: what is shared is locked, the rest is the thread's own.
/// A thread that waits for descriptors and runs an actor's jobs between: so the control plane can say `await` to what
/// the loop works on, and the loop itself needs no lock.
package final class PollLoop: SerialExecutor, @unchecked Sendable {
    /// What to do when a descriptor is ready.
    package typealias Handler = (_ isReadable: Bool, _ isWritable: Bool) -> Void

    private enum Work {
        case job(UnownedJob)
        case closure(@Sendable () -> Void)
    }

    private struct Shared {
        /// In the order in which it came.
        var work: [Work] = []
        var isAwake = false
        var isStopped = false
    }

    /// Foundation's, not Synchronization's: the thread sanitizer can see what it does.
    private let lock = NSLock()
    private var shared = Shared()
    private var thread: pthread_t?
    private let epoll = cnet_epoll_create()
    private let wake = cnet_eventfd()
    private var handlers: [Int32: Handler] = [:]
    private let name: String
    private let core: Int?

    /// `core`: the only one that the thread may use; nil leaves that to the kernel.
    package init(name: String, core: Int? = nil) {
        self.name = name
        self.core = core
        _ = cnet_epoll_set(epoll, wake, 0, 1)
    }

    deinit {
        close(epoll)
        close(wake)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        share { $0.work.append(.job(job)) }
    }

    /// Runs this on the loop's thread, whatever other threads of the program wait for.
    package func perform(_ body: @escaping @Sendable () -> Void) { share { $0.work.append(.closure(body)) } }

    /// Has the loop go round once: what it works on has changed.
    package func nudge() { share { _ in } }

    private func share(_ change: (inout Shared) -> Void) {
        let mustWake = lock.withLock {
            change(&shared)
            defer { shared.isAwake = true }
            return !shared.isAwake
        }
        if mustWake { signal() }
    }

    package func checkIsolated() {
        precondition(lock.withLock { thread } == pthread_self(), "not on the loop's own thread")
    }

    /// Only before the start or from the loop's own thread, as the two below.
    package func add(_ descriptor: Int32, _ handler: @escaping Handler) {
        guard cnet_epoll_set(epoll, descriptor, 0, 1) == 0 else { return }
        handlers[descriptor] = handler
    }

    package func setWantsWriting(_ wants: Bool, _ descriptor: Int32) {
        _ = cnet_epoll_set(epoll, descriptor, wants ? 1 : 0, 0)
    }

    package func remove(_ descriptor: Int32) {
        _ = cnet_epoll_remove(epoll, descriptor)
        handlers[descriptor] = nil
    }

    /// Runs on a thread of its own until `stop`. `afterEvents` is called whenever something was read, a job was done
    /// or its own time has come, and says when it wants to be called at the latest.
    package func start(afterEvents: @escaping @Sendable (MonotonicTime) -> MonotonicTime?) {
        let thread = Thread { [self] in
            lock.withLock { self.thread = pthread_self() }
            if let core { cnet_pin_thread(Int32(core)) }
            run(afterEvents)
            handlers = [:]
        }
        thread.name = name
        thread.start()
    }

    package func stop() {
        lock.withLock { shared.isStopped = true }
        signal()
    }

    private func run(_ afterEvents: (MonotonicTime) -> MonotonicTime?) {
        let ready = UnsafeMutablePointer<cnet_ready>.allocate(capacity: Int(cnet_batch))
        defer { ready.deallocate() }
        var deadline: MonotonicTime?
        while true {
            let patience = deadline.map { max(0, $0.nanoseconds - MonotonicClock.now().nanoseconds) } ?? -1
            for number in 0..<Int(cnet_epoll_wait(epoll, ready, patience)) {
                let each = ready[number]
                if each.descriptor == wake { continue }
                handlers[each.descriptor]?(each.is_readable != 0, each.is_writable != 0)
            }
            guard runJobs() else { return }
            deadline = afterEvents(MonotonicClock.now())
        }
    }

    /// False when the loop is to end.
    private func runJobs() -> Bool {
        drainWake()
        let taken = lock.withLock {
            defer { shared.work.removeAll(keepingCapacity: false) }
            shared.isAwake = false
            return shared
        }
        for work in taken.work {
            switch work {
            case .job(let job): job.runSynchronously(on: asUnownedSerialExecutor())
            case .closure(let closure): closure()
            }
        }
        return !taken.isStopped
    }

    private func signal() {
        var one: UInt64 = 1
        _ = write(wake, &one, MemoryLayout<UInt64>.size)
    }

    private func drainWake() {
        var count: UInt64 = 0
        _ = read(wake, &count, MemoryLayout<UInt64>.size)
    }
}
