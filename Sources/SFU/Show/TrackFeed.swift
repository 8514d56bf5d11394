import Synchronization
import Wire

// Unchecked: the ring's memory is shared as `PacketRing` says, the rest is atomic.
/// One track of a show as its readers see it, on whichever worker they are. The uplink's worker writes.
final class TrackFeed: @unchecked Sendable {
    let kind: MediaKind
    let sources: MediaSources
    let ring: PacketRing
    let rates = LayerRates()
    private let firstIndex = Atomic<UInt64>(0)
    private let readyEnd = Atomic<UInt64>(0)
    private let keyIndex = Atomic<UInt64>(0)
    private let keyArrival = Atomic<Int64>(0)

    /// Where a decoder can begin.
    struct KeyFrame {
        let index: UInt64
        let arrival: MonotonicTime
    }

    init(kind: MediaKind, sources: MediaSources) {
        self.kind = kind
        self.sources = sources
        ring = PacketRing(capacity: kind.ringCapacity)
    }

    /// One behind what has its final form and may be sent; 0 before the first.
    var end: UInt64 { readyEnd.load(ordering: .acquiring) }

    /// The oldest index that can still be had.
    var start: UInt64 { max(firstIndex.load(ordering: .relaxed), ring.start) }

    /// The newest one that has begun to arrive; nil when there is none of the present source.
    var keyFrame: KeyFrame? {
        let index = keyIndex.load(ordering: .acquiring)
        guard index > 0 else { return nil }
        return KeyFrame(index: index, arrival: MonotonicTime(nanoseconds: keyArrival.load(ordering: .relaxed)))
    }

    // MARK: For the writer

    func begin(at index: UInt64) {
        firstIndex.store(index, ordering: .relaxed)
        readyEnd.store(index, ordering: .releasing)
    }

    func publish(upTo end: UInt64) { readyEnd.store(end, ordering: .releasing) }

    /// Nil when what comes from now on is another source's.
    func note(_ keyFrame: KeyFrame?) {
        keyArrival.store(keyFrame?.arrival.nanoseconds ?? 0, ordering: .relaxed)
        keyIndex.store(keyFrame?.index ?? 0, ordering: .releasing)
    }
}
