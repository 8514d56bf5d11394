import Dispatch

/// Runs a test's own steps apart from the threads that all tests share: there others compute for as long as it takes,
/// and a peer on a real socket is forgotten when it is silent for 30 s.
final class OwnThread: TaskExecutor {
    private let queue = DispatchQueue(label: "test")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
