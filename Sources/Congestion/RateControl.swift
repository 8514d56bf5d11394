/// The rate by delay: up by and by while nothing speaks against it, down to what was received when a queue grows
/// (draft-ietf-rmcat-gcc-02, section 5.5). In bits a second.
struct RateControl {
    private static let decrease = 0.85
    private static let growthPerSecond = 0.08
    /// Who is sent this share of its rate uses its link.
    private static let busy = 0.75
    private static let untried = 1.1
    private static let unprobed = 2.0
    private static let packetBits = 1_200.0 * 8

    private(set) var rate: Double
    /// Where the link was full the last times: its mean, and how much that varies, as a share.
    private var capacity: (mean: Double, variance: Double)?
    private var isHeld = false
    private var lastUpdate: Double?
    private var lastDecrease: Double?

    init(rate: Double) { self.rate = rate }

    /// `acknowledged`: what is being received, and `latest`, in the last moments; nil while that isn't known. `queue`: how long the standing queue is, ms.
    mutating func update(
        _ signal: DelayTrend.Signal, acknowledged: Double?, latest: Double?, queue: Double, roundTripMS: Double,
        at now: Double
    ) {
        let elapsed = min(now - (lastUpdate ?? now), 1_000)
        lastUpdate = now
        switch signal {
        case .overuse: fall(saturated(acknowledged, latest: latest), roundTripMS: roundTripMS, at: now)
        case .underuse: isHeld = true
        case .normal:
            if isHeld, queue > 20 { return }  // it has not drained yet
            isHeld = false
            rise(acknowledged, roundTripMS: roundTripMS, elapsed: elapsed)
        }
    }

    /// What came while the queue grew. Who was sent little until a moment ago has a link that carries more than that.
    private func saturated(_ acknowledged: Double?, latest: Double?) -> Double? {
        guard let acknowledged, let latest, acknowledged < Self.busy * rate else { return acknowledged }
        return max(acknowledged, latest)
    }

    private mutating func fall(_ acknowledged: Double?, roundTripMS: Double, at now: Double) {
        isHeld = true
        // What was decided takes a round trip to be seen.
        if let last = lastDecrease, now - last < roundTripMS + 50 { return }
        lastDecrease = now
        guard let acknowledged else { return rate *= 0.5 }
        note(acknowledged)
        rate = min(rate, Self.decrease * acknowledged)
    }

    private mutating func note(_ acknowledged: Double) {
        guard let known = capacity, abs(acknowledged - known.mean) < 3 * known.variance.squareRoot() * known.mean else {
            return capacity = (acknowledged, 0.01)
        }
        let error = (acknowledged - known.mean) / known.mean
        capacity = (
            known.mean + 0.05 * (acknowledged - known.mean),
            min(max(0.95 * known.variance + 0.05 * error * error, 0.0025), 0.03)
        )
    }

    private mutating func rise(_ acknowledged: Double?, roundTripMS: Double, elapsed: Double) {
        var grown = rate
        if let known = capacity, rate > known.mean * (1 + 3 * known.variance.squareRoot()) { capacity = nil }
        if let known = capacity, rate > known.mean * (1 - 3 * known.variance.squareRoot()) {
            grown += Self.packetBits * elapsed / max(roundTripMS + 100, 1)
        } else {
            grown += rate * Self.growthPerSecond * elapsed / 1_000
        }
        // Nothing is known of rates above what has been tried: probes tell.
        if let acknowledged { grown = min(grown, Self.untried * acknowledged + 10_000) }
        rate = max(rate, grown)
    }

    /// Nothing was lost, and nothing else is known: up by and by, to a good deal more than is sent.
    mutating func grow(over elapsed: Double, sent: Double) {
        let grown = rate * (1 + Self.growthPerSecond * min(elapsed, 5_000) / 1_000)
        rate = max(rate, min(grown, Self.unprobed * sent))
    }

    /// Loss, a probe or the receiver itself says so.
    mutating func set(_ rate: Double) {
        if let known = capacity, rate > known.mean * 1.5 { capacity = nil }
        self.rate = rate
    }
}
