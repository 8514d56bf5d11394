import Wire

/// How fast packets came that were sent together: a burst that nobody meant as one, or a probe.
struct TrainRate {
    /// So many were sent, and so many of them came.
    private static let (leastOfBurst, leastReceived, leastOfProbe) = (12, 8, 5)
    /// Reports have ticks of 250 µs: what came within a few of them was not slowed down.
    private static let leastSpanMS = 2.0

    struct Found {
        /// 0: a burst, of which only two that agree are found.
        let probe: UInt16
        /// In bits a second.
        let sent: Double
        let received: Double

        var isProbe: Bool { probe != 0 }
    }

    private struct Train {
        let name: UInt64
        let probe: UInt16
        let firstSent: Double
        var lastSent: Double
        let firstArrival: Double
        var lastArrival: Double
        let sentCount: Int
        var count = 1
        /// Without the first one's, which only starts the clocks.
        var bytes = 0

        var isEnough: Bool {
            guard probe == 0 else { return count >= TrainRate.leastOfProbe }
            return sentCount >= TrainRate.leastOfBurst && count >= TrainRate.leastReceived
        }
    }

    private var train: Train?
    private var found: Found?
    private var formerBurst: Double?
    private(set) var probed: (number: UInt16, rate: Double)?

    mutating func receive(bytes: Int, of batch: SendHistory.Batch, at arrival: Double) {
        let sent = Double(batch.sent.nanoseconds) / 1e6
        let name = batch.probe != 0 ? UInt64(batch.probe) << 48 : batch.first
        guard var open = train, open.name == name else {
            finish()
            train = Train(
                name: name, probe: batch.probe, firstSent: sent, lastSent: sent, firstArrival: arrival,
                lastArrival: arrival, sentCount: batch.count)
            return
        }
        open.lastSent = max(open.lastSent, sent)
        open.lastArrival = max(open.lastArrival, arrival)
        open.count += 1
        open.bytes += bytes
        train = open
    }

    /// Nothing is on its way any more: a probe has come as far as it does.
    mutating func end() {
        guard let open = train, open.probe != 0 else { return }
        finish()
        train = nil
    }

    /// What the last train that has ended showed, once.
    mutating func take() -> Found? {
        defer { found = nil }
        return found
    }

    private mutating func finish() {
        guard let train, train.isEnough else { return }
        let bits = Double(train.bytes * 8) * 1_000
        let received = bits / max(train.lastArrival - train.firstArrival, Self.leastSpanMS)
        if train.probe != 0 {
            let sent = bits / max(train.lastSent - train.firstSent, 1)
            found = Found(probe: train.probe, sent: sent, received: received)
            probed = (train.probe, min(sent, received))
            return
        }
        defer { formerBurst = received }
        guard let formerBurst else { return }
        found = Found(probe: 0, sent: .infinity, received: max(received, formerBurst))
    }
}
