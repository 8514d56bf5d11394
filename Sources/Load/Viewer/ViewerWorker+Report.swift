import Net
import Wire

/// What the run asks of a worker. Each runs on the worker's thread.
extension ViewerWorker {
    /// How a viewer is doing.
    struct Standing: Sendable {
        let number: Int
        let isVerifying: Bool
        let times: JoinTimes
        let hasJoined: Bool
        let isWeak: Bool
        let isConnected: Bool
        let failure: String?
        let findings: Findings
    }

    func ask<Answer: Sendable>(_ question: @escaping @Sendable (ViewerWorker) -> Answer) async -> Answer {
        await withCheckedContinuation { continuation in
            loop.perform { [self] in continuation.resume(returning: question(self)) }
        }
    }

    var standings: [Standing] {
        viewers.map {
            Standing(
                number: $0.number, isVerifying: $0.isVerifying, times: $0.times, hasJoined: $0.hasJoined,
                isWeak: $0.isWeak,
                isConnected: $0.link.isConnected, failure: $0.link.failure, findings: $0.findings)
        }
    }

    /// What those have got that are `weak`, or those that aren't.
    private func count(weak: Bool) -> ViewerCount {
        var count = ViewerCount()
        for viewer in viewers where viewer.isWeak == weak {
            if let video = viewer.video { count.add(video) }
            if let audio = viewer.audio { count.add(audio) }
            count.strangers += viewer.strangers
            count.seconds += UInt64(viewer.picture.seconds.total)
            count.watchableSeconds += UInt64(viewer.picture.seconds.watchable)
        }
        return count
    }

    var count: ViewerCount {
        var count = count(weak: false)
        count += self.count(weak: true)
        return count
    }

    var snapshot: WorkerSnapshot {
        var snapshot = WorkerSnapshot()
        for viewer in viewers where viewer.link.isConnected { viewer.settle(at: MonotonicClock.now()) }
        snapshot.count = count(weak: false)
        snapshot.weak = count(weak: true)
        snapshot.busy = MonotonicClock.threadBusy()
        for viewer in viewers {
            snapshot.marks.append(
                .init(
                    viewer: viewer.number, isWeak: viewer.isWeak, video: viewer.video?.mark,
                    audio: viewer.audio?.mark))
            snapshot.dropped += viewer.link.socket.dropped
        }
        return snapshot
    }

    /// How many packets up to these marks never came, of each viewer; right for marks of the last seconds.
    func lost(through marks: [WorkerSnapshot.Mark]) -> [UInt64] {
        zip(viewers, marks).map { viewer, mark in
            let video = mark.video.flatMap { viewer.video?.ledger.lost(through: $0) } ?? 0
            return video + (mark.audio.flatMap { viewer.audio?.ledger.lost(through: $0) } ?? 0)
        }
    }
}
