import Wire

/// A link to one viewer that behaves as its profile says. A packet's size and the time go in, when it arrives comes out.
struct ShapedLink {
    /// Of the IP and UDP headers, which the link carries, too.
    private static let headerBytes = 28.0

    private let profile: LinkProfile
    private let origin: MonotonicTime
    /// When what is under way has left the queue, in ms since the origin.
    private var free = 0.0
    private var lastArrival = 0.0
    private var isLosing = false
    private var generator: any RandomNumberGenerator & Sendable

    init(_ profile: LinkProfile, at now: MonotonicTime, using generator: some RandomNumberGenerator & Sendable) {
        self.profile = profile
        origin = now
        self.generator = generator
    }

    /// When a datagram to the viewer arrives; nil when it doesn't.
    mutating func send(_ byteCount: Int, at now: MonotonicTime) -> MonotonicTime? {
        let time = Double(now.nanoseconds - origin.nanoseconds) / 1e6
        let begin = max(time, free)
        guard begin - time <= profile.queue, !loses() else { return nil }
        free = finish(bits: (Double(byteCount) + Self.headerBytes) * 8, from: begin)
        let jitter = profile.jitter > 0 ? Double.random(in: 0...profile.jitter, using: &generator) : 0
        lastArrival = max(lastArrival, free + profile.delay + jitter)
        return MonotonicTime(nanoseconds: origin.nanoseconds + Int64(lastArrival * 1e6))
    }

    /// When a datagram from the viewer arrives: nothing waits or is lost that way.
    func reply(at now: MonotonicTime) -> MonotonicTime {
        MonotonicTime(nanoseconds: now.nanoseconds + Int64(profile.delay * 1e6))
    }

    /// Losses come in rows of a mean length (a Markov chain of two states), or one by one.
    private mutating func loses() -> Bool {
        guard profile.loss > 0 else { return false }
        let chance =
            isLosing && profile.burst > 1
            ? 1 - 1 / profile.burst
            : profile.burst > 1 ? profile.loss / (profile.burst * (1 - profile.loss)) : profile.loss
        isLosing = Double.random(in: 0..<1, using: &generator) < chance
        return isLosing
    }

    /// When so many bits have gone out that begin at this time.
    private func finish(bits: Double, from begin: Double) -> Double {
        switch profile.capacity {
        case .unlimited: return begin
        case .constant(let kilobits): return begin + bits / kilobits
        case .trace(let steps, let period):
            var (time, left) = (begin, bits)
            var index = Self.index(of: time.truncatingRemainder(dividingBy: period), in: steps)
            while true {
                let turn = (time / period).rounded(.down) * period
                let end = turn + (index + 1 < steps.count ? steps[index + 1].from : period)
                let room = max(0, end - time) * steps[index].kilobits
                if room >= left, steps[index].kilobits > 0 { return time + left / steps[index].kilobits }
                left -= room
                time = end
                index = (index + 1) % steps.count
            }
        }
    }

    private static func index(of time: Double, in steps: [LinkProfile.Step]) -> Int {
        var (low, high) = (0, steps.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if steps[middle].from <= time { low = middle } else { high = middle }
        }
        return low
    }
}
