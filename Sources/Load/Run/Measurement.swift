import Net
import Wire

/// The measured part of a run, from its first snapshot to its last.
struct Measurement: Sendable {
    var begun = MonotonicTime(nanoseconds: 0)
    var ended = MonotonicTime(nanoseconds: 0)
    var first: [WorkerSnapshot] = []
    var last: [WorkerSnapshot] = []
    /// Lost before it began, and by its end, of each viewer of each worker.
    var lostBefore: [[UInt64]] = []
    var lostAfter: [[UInt64]] = []
    var serverCPU: (before: Double, after: Double)?
    var ownCPU = (before: 0.0, after: 0.0)
    var coreTicks: (before: (busy: Double, all: Double), after: (busy: Double, all: Double))?
    var published: (before: PublisherCount, after: PublisherCount)?
    var publisherBusy = (before: Int64(0), after: Int64(0))

    var seconds: Double { Double(ended.nanoseconds - begun.nanoseconds) / 1e9 }

    /// Of those without links of their own.
    var count: ViewerCount {
        zip(first, last).reduce(into: ViewerCount()) { $0 += $1.1.count - $1.0.count }
    }

    var weak: ViewerCount {
        zip(first, last).reduce(into: ViewerCount()) { $0 += $1.1.weak - $1.0.weak }
    }

    func expected(weak: Bool = false) -> UInt64 {
        zip(first, last).reduce(into: 0) { sum, pair in
            for (old, new) in zip(pair.0.marks, pair.1.marks) where new.isWeak == weak {
                sum += new.expected(since: old)
            }
        }
    }

    func lost(weak: Bool = false) -> UInt64 {
        var sum: UInt64 = 0
        for (snapshot, (before, after)) in zip(last, zip(lostBefore, lostAfter)) {
            for (mark, (before, after)) in zip(snapshot.marks, zip(before, after))
            where mark.isWeak == weak && after > before {
                sum += after - before
            }
        }
        return sum
    }

    var dropped: UInt64 { last.reduce(0) { $0 + $1.dropped } - first.reduce(0) { $0 + $1.dropped } }

    /// Of the thread that had most to do.
    var busiestThreadPercent: Double {
        var busy = zip(first, last).map { $1.busy - $0.busy }
        busy.append(publisherBusy.after - publisherBusy.before)
        return seconds > 0 ? 100 * Double(busy.max() ?? 0) / 1e9 / seconds : 0
    }

    /// Of the viewers' threads, in nanoseconds.
    var viewersBusy: Int64 { zip(first, last).reduce(0) { $0 + $1.1.busy - $1.0.busy } }
}
