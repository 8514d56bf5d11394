package import Wire

/// What one receiver's link carries, as far as its transport-wide reports tell.
///
/// Packets that have been sent (`SendHistory`) and reports of what came go in; a rate comes out. Nothing is known at
/// first, and nothing is bounded then: the first bursts are as good as probes.
package struct LinkEstimate {
    /// No link is taken to carry less: then nothing could be found out any more. In bits a second.
    package static let leastRate = 20_000.0
    private static let unknownRate = 100_000_000.0
    private static let groupMS = 5.0
    private static let staleMS: Int64 = 500
    private static let probeShadowMS = 60.0
    private static let ofReceived = 0.95
    /// A queue that drains to this is nobody's trouble.
    private static let harmlessQueueMS = 10.0
    /// Who loses this much behind a long queue is one of those who fill it.
    private static let (settledLoss, lossyQueueMS) = (0.05, 50.0)

    /// Packets that were sent together. Their first arrival counts: what the others wait for is the burst itself.
    private struct Group {
        let sent: Double
        var arrival: Double
    }

    private var record = ArrivalRecord()
    private var acknowledged = AcknowledgedRate()
    private var trend = DelayTrend()
    private var queue = StandingQueue()
    private var steps = StepFilter()
    private var lossRule = LossRule()
    private var control = RateControl(rate: unknownRate)
    private var trains = TrainRate()
    private var group: Group?
    private var former: Group?
    private var lastTicks: Int64?
    private var lastPosition: UInt64?
    /// As the receiver itself has put it (REMB); nil when it hasn't.
    private var bound: Double?
    private var lastReport: MonotonicTime?
    /// When the last packet of the last probe was sent, in ms.
    private var probeEnd: Double?
    /// When the last receiver report came that counted, in ms, and the shortest round trip that any has shown.
    private var lastBlock: Double?
    private var leastTrip = Double.infinity

    package init() {}

    /// In bits a second, headers included; nil while nothing speaks for a bound.
    package var rate: Double? {
        let known = control.rate < Self.unknownRate / 2 ? control.rate : nil
        return [known, bound].compactMap { $0 }.min().map { max($0, Self.leastRate) }
    }

    /// Whether it is told when packets came: only then does padding show what a link carries.
    package var hasReported: Bool { lastReport != nil }

    /// It is tried whether the link carries this much.
    package mutating func assume(_ rate: Double) { control.set(max(control.rate, rate)) }

    /// Whether more is lost than always.
    package func isLossy(at now: MonotonicTime) -> Bool {
        guard let lastReport, now.milliseconds(since: lastReport) < Self.staleMS else { return false }
        return lossRule.loss - lossRule.inherent > 0.1
    }

    /// Of the standing queue. Who is sent nothing has none after a while.
    package func queueMS(at now: MonotonicTime) -> Double {
        guard let lastReport, now.milliseconds(since: lastReport) < Self.staleMS else { return 0 }
        return queue.delay
    }

    /// What the last probe found.
    package var lastProbe: (number: UInt16, rate: Double)? { trains.probed }

    /// `roundTripMS`: the last that is known.
    package mutating func receive(
        _ report: TransportArrivals, of history: borrowing SendHistory, roundTripMS: Double, at now: MonotonicTime
    ) {
        var (covered, received) = (0, 0)
        for (offset, ticks) in report.ticks.enumerated() {
            let number = ArrivalRecord.number(report.base &+ UInt16(truncatingIfNeeded: offset), near: history.next)
            guard number < history.next else { continue }  // it can't have come
            let (new, isNews) = record.cover(number, isReceived: ticks != nil)
            covered += new
            guard isNews, let ticks else { continue }
            received += 1
            guard let position = history.position(of: number) else { continue }
            take(history[position], position, arrivalMS: unwrap(ticks))
        }
        guard covered + received > 0 else { return }
        lastReport = now
        if record.end == history.next { trains.end() }
        judge(covered: covered, received: received, roundTripMS: roundTripMS, at: now)
    }

    /// Where nothing better comes, a receiver report tells how much was lost of what was sent (RFC 3550, section 6.4.1).
    /// `sentRate`: in bits a second, since the report before.
    package mutating func receive(
        expected: Int, lost: Int, sentRate: Double, roundTripMS: Double?, at now: MonotonicTime
    ) {
        guard lastReport == nil, expected > 0, sentRate > 0 else { return }
        let time = Double(now.nanoseconds) / 1e6
        let elapsed = time - (lastBlock ?? time)
        lastBlock = time
        leastTrip = min(leastTrip, roundTripMS ?? .infinity)
        let isQueueing = (roundTripMS ?? 0) > leastTrip + Self.lossyQueueMS
        let received = max(0, expected - lost)
        let verdict = lossRule.receive(
            covered: expected, received: received, rate: min(control.rate, sentRate), isQueueing: isQueueing, at: time)
        switch verdict {
        case .nothing where control.rate < Self.unknownRate / 2: control.grow(over: elapsed, sent: sentRate)
        case .nothing: break
        case .cut(let share):
            let came = sentRate * Double(received) / Double(expected)
            control.set(min(control.rate, share * sentRate, Self.ofReceived * came))
        case .restore(let rate): control.set(max(control.rate, rate))
        }
    }

    /// The receiver says what its link carries (REMB).
    package mutating func bound(by rate: Double) { bound = rate }

    private mutating func take(_ batch: SendHistory.Batch, _ position: UInt64, arrivalMS: Double) {
        let sent = Double(batch.sent.nanoseconds) / 1e6
        let bytes = batch.bytes / max(batch.count, 1)
        acknowledged.receive(bytes: bytes, atMS: arrivalMS)
        if position != lastPosition {
            queue.receive(delay: arrivalMS - sent, sent: sent)
            lastPosition = position
        }
        trains.receive(bytes: bytes, of: batch, at: arrivalMS)
        if batch.probe != 0 { probeEnd = max(probeEnd ?? sent, sent) }
        if let probeEnd, sent <= probeEnd + Self.probeShadowMS {
            // What waits behind a probe waits for that, and says nothing of the rest.
            (group, former) = (nil, nil)
            return
        }
        if let open = group, sent < open.sent - Self.groupMS { return }  // late: its group has been judged
        guard var open = group else { return group = Group(sent: sent, arrival: arrivalMS) }
        if abs(sent - open.sent) <= Self.groupMS {
            open.arrival = min(open.arrival, arrivalMS)
            group = open
            return
        }
        if let former {
            let between = open.sent - former.sent
            switch steps.receive(open.arrival - former.arrival - between) {
            case .variation(let variation): trend.receive(variation: variation, sent: between, arrival: open.arrival)
            case .step(let step): queue.lengthen(by: step)
            case .wait: break
            }
        }
        former = open
        group = Group(sent: sent, arrival: arrivalMS)
    }

    private mutating func judge(covered: Int, received: Int, roundTripMS: Double, at now: MonotonicTime) {
        let time = Double(now.nanoseconds) / 1e6
        // A trend in what drains at once is a burst's.
        queue.settle(trend.signal == .normal && lossRule.loss < Self.settledLoss, at: time)
        let signal = trend.signal == .overuse && queue.delay < Self.harmlessQueueMS ? .normal : trend.signal
        control.update(
            signal, acknowledged: acknowledged.bitsPerSecond, latest: acknowledged.latest, queue: queue.delay,
            roundTripMS: roundTripMS, at: time)
        if let found = trains.take() { probed(found) }
        let isKnown = control.rate < Self.unknownRate / 2
        let present = isKnown ? control.rate : min(control.rate, 1.5 * (acknowledged.bitsPerSecond ?? control.rate))
        switch lossRule.receive(
            covered: covered, received: received, rate: present, isQueueing: queue.delay > Self.lossyQueueMS, at: time)
        {
        case .nothing: break
        case .cut(let share): control.set(min(control.rate, present * share))
        case .restore(let rate): control.set(max(control.rate, rate))
        }
    }

    /// A train of packets came this fast. One that was slowed down shows what the link carries.
    private mutating func probed(_ train: TrainRate.Found) {
        if train.isProbe, queue.delay < 50 || train.received > 0.7 * train.sent {
            control.set(max(control.rate, 0.95 * min(train.received, train.sent)))
        } else if !train.isProbe, control.rate >= Self.unknownRate / 2 {
            control.set(train.received)
        }
    }

    /// The reference's turn is over every twelve days.
    private mutating func unwrap(_ ticks: Int64) -> Double {
        var ticks = ticks
        if let last = lastTicks {
            let turns = ((last - ticks) + TransportArrivals.ticksPerTurn / 2) / TransportArrivals.ticksPerTurn
            if ticks + turns * TransportArrivals.ticksPerTurn > 0 { ticks += turns * TransportArrivals.ticksPerTurn }
        }
        lastTicks = max(lastTicks ?? ticks, ticks)
        return Double(ticks) * 1_000 / Double(TransportArrivals.ticksPerSecond)
    }
}
