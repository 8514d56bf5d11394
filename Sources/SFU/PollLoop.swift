private import Foundation
private import Glibc
private import Synchronization

/// A thread that waits for a socket and runs an actor's jobs between: so the control plane can say `await` to what the
/// loop works on, and the loop itself needs no lock.
final class PollLoop: SerialExecutor, @unchecked Sendable {  // the jobs are behind a lock, the rest is the thread's own
    private let jobs = Mutex<[UnownedJob]>([])
    private let isStopped = Mutex(false)
    private let identity = Mutex<pthread_t?>(nil)
    private let wakeReader: Int32
    private let wakeWriter: Int32

    init() {
        var ends: [Int32] = [0, 0]
        pipe(&ends)
        for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        (wakeReader, wakeWriter) = (ends[0], ends[1])
    }

    deinit {
        close(wakeReader)
        close(wakeWriter)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        wake()
    }

    func checkIsolated() {
        precondition(identity.withLock { $0 } == pthread_self(), "not on the loop's own thread")
    }

    /// Runs on a thread of its own until `stop`. `onReadable` is called when the socket has something, `onTick` every
    /// `interval` milliseconds.
    func start(
        socket: Int32, interval: Int32, onReadable: @escaping @Sendable () -> Void,
        onTick: @escaping @Sendable () -> Void
    ) {
        let thread = Thread { [self] in
            identity.withLock { $0 = pthread_self() }
            var next = Self.milliseconds() + Int64(interval)
            while !isStopped.withLock({ $0 }) {
                var waiting = [
                    pollfd(fd: wakeReader, events: Int16(POLLIN), revents: 0),
                    pollfd(fd: socket, events: Int16(POLLIN), revents: 0),
                ]
                poll(&waiting, 2, Int32(max(0, min(Int64(interval), next - Self.milliseconds()))))
                if waiting[0].revents != 0 { drainWake() }
                for job in jobs.withLock({ taken in
                    defer { taken = [] }; return taken
                }) {
                    job.runSynchronously(on: asUnownedSerialExecutor())
                }
                if waiting[1].revents != 0 { onReadable() }
                if Self.milliseconds() >= next {
                    onTick()
                    next = Self.milliseconds() + Int64(interval)
                }
            }
        }
        thread.name = "vitrine.relay"
        thread.start()
    }

    func stop() {
        isStopped.withLock { $0 = true }
        wake()
    }

    /// The monotonic clock.
    static func milliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }

    private func wake() {
        var byte: UInt8 = 1
        _ = write(wakeWriter, &byte, 1)
    }

    private func drainWake() {
        var sink = [UInt8](repeating: 0, count: 256)
        while read(wakeReader, &sink, sink.count) > 0 {}
    }
}
