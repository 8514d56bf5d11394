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
                isConnected: $0.link.isConnected, failure: $0.link.failure, findings: $0.findings)
        }
    }

    var count: ViewerCount {
        var count = ViewerCount()
        for viewer in viewers {
            if let video = viewer.video { count.add(video) }
            if let audio = viewer.audio { count.add(audio) }
            count.strangers += viewer.strangers
        }
        return count
    }

    var snapshot: WorkerSnapshot {
        var snapshot = WorkerSnapshot()
        snapshot.count = count
        snapshot.busy = MonotonicClock.threadBusy()
        for viewer in viewers {
            snapshot.marks.append(
                .init(viewer: viewer.number, video: viewer.video?.ledger.mark, audio: viewer.audio?.ledger.mark))
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
