/// Whether a queue on the way grows: the slope of the delay over the last groups of packets, held against a threshold
/// that follows what is usual there (draft-ietf-rmcat-gcc-02, sections 5.2 to 5.4, with a line through the last groups in
/// place of the Kalman filter, as browsers have it).
struct DelayTrend {
    enum Signal { case normal, overuse, underuse }

    private static let groups = 20
    private static let smoothing = 0.9
    private static let gain = 4.0
    private static let (gainUp, gainDown) = (0.0087, 0.039)
    private static let threshold = (start: 12.5, least: 6.0, most: 600.0)
    /// What is further than this beyond the threshold doesn't move it: it is no habit of the link.
    private static let outlier = 15.0
    private static let overuseMS = 10.0

    private var times = InlineArray<20, Double>(repeating: 0)
    private var delays = InlineArray<20, Double>(repeating: 0)
    private var count = 0
    private var accumulated = 0.0
    private var smoothed = 0.0
    private var threshold = Self.threshold.start
    private var overusing = 0.0
    private var last: (arrival: Double, trend: Double)?
    private(set) var signal = Signal.normal

    /// Another group has arrived, `variation` ms later after the one before than it was sent after it. `sent`: ms between
    /// the two when they were sent.
    mutating func receive(variation: Double, sent: Double, arrival: Double) {
        accumulated += variation
        smoothed = Self.smoothing * smoothed + (1 - Self.smoothing) * accumulated
        times[count % Self.groups] = arrival
        delays[count % Self.groups] = smoothed
        count += 1
        let slope = count >= Self.groups ? slope() : 0
        judge(slope, sent: sent, arrival: arrival)
    }

    private func slope() -> Double {
        var (timeMean, delayMean) = (0.0, 0.0)
        for number in 0..<Self.groups {
            timeMean += times[number] / Double(Self.groups)
            delayMean += delays[number] / Double(Self.groups)
        }
        var (above, below) = (0.0, 0.0)
        for number in 0..<Self.groups {
            above += (times[number] - timeMean) * (delays[number] - delayMean)
            below += (times[number] - timeMean) * (times[number] - timeMean)
        }
        return below > 0 ? above / below : 0
    }

    private mutating func judge(_ slope: Double, sent: Double, arrival: Double) {
        let trend = Double(min(count, 60)) * slope * Self.gain
        defer { last = (arrival, trend) }
        if trend > threshold {
            overusing += sent
            if overusing > Self.overuseMS, trend >= last?.trend ?? 0 {
                overusing = 0
                signal = .overuse
            }
        } else {
            overusing = 0
            signal = trend < -threshold ? .underuse : .normal
        }
        adapt(to: trend, at: arrival)
    }

    private mutating func adapt(to trend: Double, at arrival: Double) {
        guard abs(trend) < threshold + Self.outlier else { return }
        let gain = abs(trend) < threshold ? Self.gainDown : Self.gainUp
        let elapsed = min(max(arrival - (last?.arrival ?? arrival), 0), 100)
        threshold += gain * (abs(trend) - threshold) * elapsed
        threshold = min(max(threshold, Self.threshold.least), Self.threshold.most)
    }
}
