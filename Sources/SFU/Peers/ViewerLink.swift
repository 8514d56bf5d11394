import Congestion
import Wire

/// What is known of the link to one viewer, and how it is served because of that.
struct ViewerLink {
    enum Course: Equatable {
        /// With all others.
        case open
        /// By itself, within its rate.
        case paced
        /// Sound alone: not even the lowest layer fits. The picture is tried again when it does, but not before.
        case soundOnly(until: MonotonicTime)
        /// The picture begins again with the next key frame.
        case awaiting
    }

    private static let (enter, leave) = (1.0, 1.1)
    private static let calmMS: Int64 = 1_000
    private static let patienceMS: (first: Int64, most: Int64) = (1_000, 8_000)
    /// A queue this long, which everything waits in, leaves no room for more.
    private static let crampedMS = 100.0
    private static let steadyMS: Int64 = 2_000
    private static let leastRepairs = 128
    /// So long what is sent may be more than the rate, unless that is far too little.
    private static let tightMS: (least: Int64, hopeless: Int64) = (2_500, 200)
    private static let hopeless = 0.75
    /// A layer more is taken where this much more than it fits.
    private static let more = 1.05

    private(set) var course = Course.open
    var estimate = LinkEstimate()
    var probes = ProbePlan()
    var pacer = Pacer()
    var thinning = Thinning()
    var repairs = RepairLog()
    var keyFrames = KeyFrameBudget()
    /// A probe on its way out.
    var probe: (plan: ProbePlan.Probe, rest: Int, last: MonotonicTime)?
    /// What it misses of the picture and is to be sent again, the first asked for first.
    private var owed: [UInt16] = []
    /// Since when it could have been served with all others.
    private var calmSince: MonotonicTime?
    private var patienceMS = patienceMS.first
    private(set) var pictureSince: MonotonicTime?
    private var beginning = LinkBeginning()
    private var reports = ReportedLoss()
    /// More waits to be sent than a frame: the rest follows at its rate, and not above.
    var isBehind = false
    /// Since when what is sent hasn't fitted.
    private var tightSince: MonotonicTime?
    private var told = ViewingQuality.good
    private var changeSince: MonotonicTime?
    /// Since its picture was last whole for ten seconds.
    private var pictureLosses = 0

    var isPaced: Bool { course != .open }

    /// As its viewer sees it.
    var quality: ViewingQuality {
        switch course {
        case .open: .good
        case .paced: thinning.layer == LayerRates.layers - 1 && pictureLosses == 0 ? .good : .weak
        case .awaiting: told == .soundOnly ? .soundOnly : .weak
        case .soundOnly: .soundOnly
        }
    }

    /// What is news for the viewer, once. A better one has to last: nobody reads what changes twice a second.
    mutating func takeNews(at now: MonotonicTime) -> ViewingQuality? {
        let quality = quality
        guard quality != told else {
            changeSince = nil
            return nil
        }
        let since = changeSince ?? now
        changeSince = since
        guard quality == .soundOnly || course == .open || now.milliseconds(since: since) >= Self.steadyMS else {
            return nil
        }
        told = quality
        changeSince = nil
        return quality
    }

    /// What is sent at most, in bits a second; `wanted` is what would be with an open link.
    func rate(wanted: Double) -> Double { estimate.rate ?? 2 * wanted }

    /// How many packets of what it has to catch up with a viewer is sent now, of whose link nothing is known yet; nil:
    /// as many as usual.
    mutating func firstPackets(at now: MonotonicTime) -> UInt64? {
        estimate.hasReported ? nil : beginning.packets(at: now)
    }

    /// So much is sent again in a second to who is served with all others: who asks for more has a link that is full.
    func mostRepairs(_ rates: borrowing LayerRates, at now: MonotonicTime) -> Int {
        if !estimate.hasReported, beginning.isUnderWay(at: now) { return LinkBeginning.mostRepairs }
        return max(Self.leastRepairs, Int(rates.all / (2 * 8 * 1_200)))
    }

    /// A receiver report has come, when so many packets and bytes have gone out in all. Whether it says anything new.
    mutating func receive(
        _ block: ReportBlock, packets: UInt64, payloadBytes: UInt64, roundTripMS: Double?, at now: MonotonicTime
    ) -> Bool {
        guard let news = reports.receive(block, packets: packets, payloadBytes: payloadBytes, at: now) else {
            return false
        }
        estimate.receive(
            expected: news.expected, lost: news.lost, sentRate: news.sentRate, roundTripMS: roundTripMS, at: now)
        return true
    }

    /// A report has come. Whether it is to be taken from among the others.
    mutating func weigh(_ rates: borrowing LayerRates, at now: MonotonicTime) -> Bool {
        guard let rate = estimate.rate, rates.all > 0 else { return false }
        if course == .open { return rate < Self.enter * rates.all }
        aim(rate, rates, at: now)
        return false
    }

    /// Chooses the layers: up when there is room, down when what is sent hasn't fitted for a while; a rate that was cut
    /// grows back soon.
    private mutating func aim(_ rate: Double, _ rates: borrowing LayerRates, at now: MonotonicTime) {
        let best = (0..<LayerRates.layers).last { rates.upTo($0) * ($0 > thinning.aim ? Self.more : 1) <= rate }
        let sent = rates.upTo(thinning.aim)
        guard course == .paced, sent > rate else {
            tightSince = nil
            return thinning.aim = best ?? 0
        }
        let since = tightSince ?? now
        tightSince = since
        let patienceMS = rate < Self.hopeless * sent ? Self.tightMS.hopeless : Self.tightMS.least
        guard now.milliseconds(since: since) >= patienceMS else { return }
        tightSince = nil
        if let best { thinning.aim = best } else { lose(at: now) }
    }

    mutating func pace(hasPicture: Bool, at now: MonotonicTime) {
        course = hasPicture ? .paced : .awaiting
        thinning = Thinning()
        pictureSince = now
        calmSince = nil
    }

    /// No picture for a while, and longer each time.
    mutating func lose(at now: MonotonicTime) {
        if let since = pictureSince, now.milliseconds(since: since) > 10_000 {
            patienceMS = Self.patienceMS.first
            pictureLosses = 0
        }
        pictureLosses += 1
        course = .soundOnly(until: now.advanced(byMilliseconds: patienceMS))
        patienceMS = min(2 * patienceMS, Self.patienceMS.most)
    }

    /// More than this can't be repaired in time.
    private static let maximumOwed = 128

    mutating func owe(_ sequence: UInt16) {
        if owed.count < Self.maximumOwed, !owed.contains(sequence) { owed.append(sequence) }
    }

    mutating func nextOwed() -> UInt16? { owed.isEmpty ? nil : owed.removeFirst() }

    /// Its decoder needs a key frame.
    mutating func awaitPicture() { course = .awaiting }

    /// Whether the picture may be tried again.
    mutating func mayTry(_ rates: borrowing LayerRates, at now: MonotonicTime) -> Bool {
        guard case .soundOnly(let until) = course, now >= until else { return course == .awaiting }
        // Where no probe can tell, only the picture itself does.
        if !estimate.hasReported { estimate.assume(1.1 * rates.upTo(0)) }
        guard rate(wanted: rates.all) >= 1.1 * rates.upTo(0), estimate.queueMS(at: now) < Self.crampedMS else {
            return false
        }
        course = .awaiting
        return true
    }

    /// The picture begins, with a key frame.
    mutating func begin(at now: MonotonicTime) {
        course = .paced
        thinning.beginAnew()
        owed.removeAll(keepingCapacity: true)
        pictureSince = now
        tightSince = nil
    }

    /// Whether it can be served with all others again: `isLevel` says that it has had all that they have.
    mutating func mayLeave(_ rates: borrowing LayerRates, isLevel: Bool, at now: MonotonicTime) -> Bool {
        guard course == .paced, rate(wanted: rates.all) >= Self.leave * rates.all,
            estimate.queueMS(at: now) < Self.crampedMS,
            thinning.aim == LayerRates.layers - 1, thinning.shift == 0
        else {
            calmSince = nil
            return false
        }
        let since = calmSince ?? now
        calmSince = since
        guard isLevel, now.milliseconds(since: since) >= Self.calmMS else { return false }
        pictureLosses = 0
        course = .open
        return true
    }
}
