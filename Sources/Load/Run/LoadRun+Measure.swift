import Foundation
import Net
import Wire

extension LoadRun {
    /// Takes the figures over the plan's span.
    func measure(_ server: ServerProbe?) async {
        let cores = OwnProcess.cores
        let isConfined = cores.count < OwnProcess.allCores
        var measurement = Measurement()
        measurement.begun = MonotonicClock.now()
        for worker in workers {
            measurement.first.append(
                await worker.ask {
                    $0.latencies.isRecording = true
                    return $0.snapshot
                })
        }
        measurement.serverCPU = server?.cpuSeconds.map { ($0, $0) }
        measurement.ownCPU.before = OwnProcess.cpuSeconds
        if isConfined { measurement.coreTicks = (OwnProcess.coreTicks(cores), (0, 0)) }
        let publishedBefore = await published()
        let begin = measurement
        await pause(min(Self.graceSeconds, plan.durationSeconds))
        measurement.lostBefore = await lost(through: begin.first)
        await pause(max(0, plan.durationSeconds - Self.graceSeconds))
        for worker in workers {
            measurement.last.append(
                await worker.ask {
                    $0.latencies.isRecording = false
                    return $0.snapshot
                })
        }
        measurement.ended = MonotonicClock.now()
        measurement.serverCPU?.after = server?.cpuSeconds ?? 0
        measurement.ownCPU.after = OwnProcess.cpuSeconds
        if isConfined { measurement.coreTicks?.after = OwnProcess.coreTicks(cores) }
        if let before = publishedBefore, let after = await published() {
            measurement.published = (before.count, after.count)
            measurement.publisherBusy = (before.busy, after.busy)
        }
        residentAfter = server?.residentBytes
        let end = measurement
        if !Task.isCancelled { await pause(Self.graceSeconds) }
        measurement.lostAfter = await lost(through: end.last)
        for worker in workers { latencies.add(await worker.ask { $0.latencies }) }
        self.measurement = measurement
    }

    private func pause(_ seconds: Double) async {
        try? await wait(seconds, .measuring) { false }
    }

    private func published() async -> (count: PublisherCount, busy: Int64)? {
        guard let publisher else { return nil }
        return await Self.ask(publisher) { ($0.count, MonotonicClock.threadBusy()) }
    }

    private func lost(through snapshots: [WorkerSnapshot]) async -> [[UInt64]] {
        var lost: [[UInt64]] = []
        for (worker, snapshot) in zip(workers, snapshots) {
            lost.append(await worker.ask { $0.lost(through: snapshot.marks) })
        }
        return lost
    }
}
