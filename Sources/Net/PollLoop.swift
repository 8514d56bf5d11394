private import CNet
private import Foundation
private import Glibc
private import Synchronization
package import Wire

// Unchecked: what is shared is locked, the rest is the thread's own.
/// A thread that waits for descriptors and runs an actor's jobs between: so the control plane can say `await` to what
/// the loop works on, and the loop itself needs no lock.
package final class PollLoop: SerialExecutor, @unchecked Sendable {
    /// What to do when a descriptor is ready.
    package typealias Handler = (_ isReadable: Bool, _ isWritable: Bool) -> Void

    private struct Shared {
        var jobs: [UnownedJob] = []
        var isAwake = false
        var isStopped = false
    }

    private let shared = Mutex(Shared())
    private let thread = Mutex<pthread_t?>(nil)
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
        let mustWake = shared.withLock { shared in
            shared.jobs.append(job)
            defer { shared.isAwake = true }
            return !shared.isAwake
        }
        if mustWake { signal() }
    }

    package func checkIsolated() {
        precondition(thread.withLock { $0 } == pthread_self(), "not on the loop's own thread")
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
            self.thread.withLock { $0 = pthread_self() }
            if let core { cnet_pin_thread(Int32(core)) }
            run(afterEvents)
            handlers = [:]
        }
        thread.name = name
        thread.start()
    }

    package func stop() {
        shared.withLock { $0.isStopped = true }
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
        let (jobs, isStopped) = shared.withLock { shared in
            defer { shared.jobs = [] }
            shared.isAwake = false
            return (shared.jobs, shared.isStopped)
        }
        for job in jobs { job.runSynchronously(on: asUnownedSerialExecutor()) }
        return !isStopped
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
