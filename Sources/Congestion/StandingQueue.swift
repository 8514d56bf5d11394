/// How long the queue on the way is when it is shortest: what every packet has waited for lately, beyond the shortest way
/// that has been seen. A burst that drains again, as a key frame makes, is none; jitter is none either.
struct StandingQueue {
    private static let recentMS = 50.0
    private static let recentBuckets = 4
    /// Two spans, so that a way that has become longer, and clocks that drift, are forgotten.
    private static let baseMS = 15_000.0

    private var recent = InlineArray<4, Double>(repeating: .infinity)
    private var bucket = 0.0
    private var base: (former: Double, present: Double) = (.infinity, .infinity)
    private var baseBegan = 0.0
    private var steady: (delay: Double, since: Double)?
    private static let (steadyMS, settlingMS) = (10.0, 600.0)

    /// A packet took this long from clock to clock; only differences mean anything. All in ms.
    mutating func receive(delay: Double, sent: Double) {
        let bucket = (sent / Self.recentMS).rounded(.down)
        guard bucket > self.bucket - Double(Self.recentBuckets) else { return }  // its place is another's now
        if bucket > self.bucket {
            let passed = Int(min(bucket - self.bucket, Double(Self.recentBuckets)))
            for number in 0..<passed { recent[Self.index(bucket - Double(number))] = .infinity }
            self.bucket = bucket
        }
        recent[Self.index(bucket)] = min(recent[Self.index(bucket)], delay)
        if sent - baseBegan > Self.baseMS {
            base = (base.present, delay)
            baseBegan = sent
        }
        base.present = min(base.present, delay)
    }

    /// What has looked like a queue for so long, without growing or shrinking, is the way itself, or others' queue:
    /// either way sending less doesn't make it shorter. `isSettled`: nothing speaks for one of our own.
    mutating func settle(_ isSettled: Bool, at now: Double) {
        let delay = delay
        guard isSettled, delay > Self.steadyMS, abs(delay - (steady?.delay ?? delay)) < Self.steadyMS else {
            return steady = isSettled ? (delay, now) : nil
        }
        let since = steady?.since ?? now
        steady = (steady?.delay ?? delay, since)
        guard now - since > Self.settlingMS else { return }
        let shift = min(base.former, base.present) + delay
        base = (shift, shift)
        steady = nil
    }

    /// The way itself has become longer.
    mutating func lengthen(by step: Double) {
        base = (base.former + step, base.present + step)
    }

    /// In ms.
    var delay: Double {
        var least = Double.infinity
        for number in 0..<Self.recentBuckets { least = min(least, recent[number]) }
        let base = min(base.former, base.present)
        return least.isFinite && base.isFinite ? max(0, least - base) : 0
    }

    private static func index(_ bucket: Double) -> Int {
        Int(bucket.truncatingRemainder(dividingBy: Double(recentBuckets)))
    }
}
