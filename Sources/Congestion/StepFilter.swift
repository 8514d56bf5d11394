/// Tells a way that has become longer, as after a handover, from a queue that grows: the one is a single step, the other
/// goes on.
struct StepFilter {
    private static let stepMS = 30.0
    private static let growthMS = 5.0
    private static let flatGroups = 3

    private var pending: (step: Double, groups: Int)?

    enum Verdict {
        /// To be reckoned with, in ms.
        case variation(Double)
        /// Not known yet what it is.
        case wait
        /// The way is longer by so much.
        case step(Double)
    }

    /// Another group came so much later after the one before than it was sent.
    mutating func receive(_ variation: Double) -> Verdict {
        guard let (step, groups) = pending else {
            guard variation > Self.stepMS else { return .variation(variation) }
            pending = (variation, 0)
            return .wait
        }
        guard abs(variation) < Self.growthMS else {
            pending = nil
            return .variation(step + variation)
        }
        guard groups + 1 >= Self.flatGroups else {
            pending = (step + variation, groups + 1)
            return .wait
        }
        pending = nil
        return .step(step + variation)
    }
}
