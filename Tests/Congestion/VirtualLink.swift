import TestSupport
import Wire

/// What every packet goes through: a queue that is emptied at some rate, which may change.
struct VirtualLink {
    struct Packet {
        let flow: Int
        let number: Int
        let bytes: Int
        let sent: Double
    }

    /// kbit/s from these times (ms) on.
    var capacity: [(from: Double, kbps: Double)]
    var queueMS: Double
    var loss = 0.0
    private var queue: [Packet] = []
    private var head = 0
    private var queuedBytes = 0
    private var credit = 0.0
    private var random: SeededGenerator
    /// For the scores: ms that delivered packets have waited, bits that could have been carried.
    private(set) var waits: [Double] = []
    private(set) var carried = 0.0
    private(set) var delivered = 0.0
    private(set) var dropped = 0
    private(set) var offered = 0

    init(capacity: [(from: Double, kbps: Double)], queueMS: Double, loss: Double = 0, seed: UInt64 = 1) {
        self.capacity = capacity
        self.queueMS = queueMS
        self.loss = loss
        random = SeededGenerator(seed: seed)
    }

    func kbps(at now: Double) -> Double { capacity.last { $0.from <= now }?.kbps ?? capacity[0].kbps }

    /// False when it was dropped.
    mutating func send(_ packet: Packet, at now: Double) -> Bool {
        offered += 1
        let limit = max(kbps(at: now), 100) * queueMS / 8
        guard Double(queuedBytes + packet.bytes) <= max(limit, 3_000), Double.random(in: 0..<1, using: &random) >= loss
        else {
            dropped += 1
            return false
        }
        queue.append(packet)
        queuedBytes += packet.bytes
        return true
    }

    /// What leaves the queue in this millisecond.
    mutating func advance(to now: Double) -> [Packet] {
        let rate = kbps(at: now)
        carried += rate
        credit = queuedBytes > 0 ? credit + rate : 0
        var out: [Packet] = []
        while head < queue.count, credit >= Double(queue[head].bytes * 8) {
            let packet = queue[head]
            head += 1
            queuedBytes -= packet.bytes
            credit -= Double(packet.bytes * 8)
            waits.append(now - packet.sent)
            delivered += Double(packet.bytes * 8)
            out.append(packet)
        }
        if head > 10_000 {
            queue.removeFirst(head)
            head = 0
        }
        return out
    }
}
