import Congestion
import Wire

/// A sender whose encoder follows its estimate between two rates, and a receiver that reports ten times a second.
final class VirtualFlow {
    static let packetBytes = 1_200

    let most: Double
    let least: Double
    let oneWayMS: Double
    var isPaused = false
    private var history = SendHistory()
    private var estimate = LinkEstimate()
    private var probes = ProbePlan()
    private var pacer = Pacer()
    private var backlog = 0.0
    private var lastFrame = 0.0
    private var probe: (probe: ProbePlan.Probe, rest: Int, last: Double)?
    private var arrivals: [Int: Double] = [:]
    private var reportedUpTo = 1 << 16
    private var newest = (1 << 16) - 1
    private var lastReport = 0.0
    private var pending: [(at: Double, TransportArrivals)] = []
    private var backDelayMS: Double
    /// Where reports go that have a link of their own to come through; nil: they only take their time.
    var sendReport: ((TransportArrivals) -> Void)?
    /// Of the receiver: bits by second, for the scores.
    private(set) var received: [Double]

    /// Rates in kbit/s.
    init(least: Double = 150, most: Double = 1_500, start: Double = 300, oneWayMS: Double = 50, seconds: Int) {
        (self.least, self.most, self.oneWayMS) = (least * 1_000, most * 1_000, oneWayMS)
        backDelayMS = oneWayMS
        received = Array(repeating: 0, count: seconds + 1)
        initial = start * 1_000
    }

    private let initial: Double
    private var isStarted = false

    var rate: Double { min(max(estimate.rate ?? (isStarted ? most : initial), least), most) }
    var link: Double? { estimate.rate }

    /// Hands over what is to be sent now: sizes, numbered from the first one on.
    func send(at now: Double, _ out: (_ number: Int, _ bytes: Int) -> Void) {
        takeReports(at: now)
        guard !isPaused else { return }
        if now - lastFrame >= 33 {
            backlog += rate * (now - lastFrame > 1_000 ? 33 : now - lastFrame) / 8_000
            lastFrame = now
        }
        let time = time(now)
        pacer.refill(rate: 1.5 * rate, at: time)
        while backlog >= Double(Self.packetBytes), pacer.isOpen {
            backlog -= Double(Self.packetBytes)
            pacer.spend(Self.packetBytes)
            emit(Self.packetBytes, time, out)
        }
        sendProbe(at: now, out)
    }

    private func sendProbe(at now: Double, _ out: (Int, Int) -> Void) {
        if probe == nil, let rate = estimate.rate,
            let next = probes.next(
                rate: rate, wanted: most, queueMS: estimate.queueMS(at: time(now)),
                isLossy: estimate.isLossy(at: time(now)),
                roundTripMS: 2 * oneWayMS, at: time(now))
        {
            probe = (next, next.bytes, now - 1)
        }
        guard var open = probe else { return }
        history.probe = open.probe.number
        var budget = open.probe.rate * (now - open.last) / 8_000
        while budget > 0, open.rest > 0 {
            emit(260, time(now), out)
            budget -= 260
            open.rest -= 260
        }
        open.last = now + budget * 8_000 / open.probe.rate
        history.probe = 0
        probe = open.rest > 0 ? open : nil
    }

    private func emit(_ bytes: Int, _ time: MonotonicTime, _ out: (Int, Int) -> Void) {
        let number = Int(history.next)
        history.note(packets: 1, bytes: bytes, at: time)
        out(number, bytes)
    }

    func receive(_ number: Int, _ bytes: Int, at now: Double) {
        arrivals[number] = now
        newest = max(newest, number)
        let second = Int(now / 1_000)
        if second < received.count { received[second] += Double(bytes * 8) }
    }

    /// The receiver's part: `backLoss` and delay of the way back are the scenario's.
    func report(at now: Double) {
        guard now - lastReport >= 100, newest >= reportedUpTo else { return }
        lastReport = now
        let first = reportedUpTo
        let ticks = (first...newest).map { number in
            arrivals.removeValue(forKey: number).map { Int64($0 * 4) + 1_000_000 }
        }
        reportedUpTo = newest + 1
        let report = TransportArrivals(base: UInt16(truncatingIfNeeded: first), ticks: ticks)
        if let sendReport { sendReport(report) } else { take(report, at: now + backDelayMS) }
    }

    /// A report will have come by then.
    func take(_ report: TransportArrivals, at time: Double) { pending.append((time, report)) }

    private func takeReports(at now: Double) {
        while let next = pending.first, next.at <= now {
            pending.removeFirst()
            isStarted = true
            let before = estimate.rate
            estimate.receive(next.1, of: history, roundTripMS: 2 * oneWayMS, at: time(now))
            if let found = estimate.lastProbe { probes.receive(number: found.number, rate: found.rate) }
            if let before, let after = estimate.rate, after < 0.9 * before { probes.noteFall(at: time(now)) }
        }
    }

    private func time(_ now: Double) -> MonotonicTime { MonotonicTime(nanoseconds: Int64((now + 1_000) * 1e6)) }
}
