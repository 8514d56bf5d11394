/// What loss says of a link. One that is full loses less when it is sent less; one that loses at random doesn't, and is
/// not full: what it loses anyhow is found out by sending less once, and then taken for granted.
struct LossRule {
    /// Loss up to this leaves the rate alone (draft-ietf-rmcat-gcc-02, section 6).
    private static let bearable = 0.10
    /// Only so much can be a habit: a call over a link that loses more is no use anyhow.
    private static let mostInherent = 0.45
    private static let windowMS = 500.0
    private static let leastPackets = 40

    private var covered = 0
    private var received = 0
    private var began: Double?
    /// Cut at this loss, from that rate.
    private var trial: (loss: Double, rate: Double)?
    /// Of all that is sent.
    private(set) var inherent = 0.0
    /// Over the last windows.
    private(set) var loss = 0.0

    enum Verdict {
        case nothing
        /// To this share of the rate.
        case cut(Double)
        /// It was for nothing: back to this rate.
        case restore(Double)
    }

    /// `covered` packets have been reported on, of which `received` came. `rate`: the present one. `isQueueing`: what comes
    /// has waited, so that others may fill what one doesn't send.
    mutating func receive(
        covered: Int, received: Int, rate: Double, isQueueing: Bool, at now: Double
    ) -> Verdict {
        self.covered += covered
        self.received += received
        let began = began ?? now
        self.began = began
        guard now - began >= Self.windowMS, self.covered >= Self.leastPackets else { return .nothing }
        let window = max(0, 1 - Double(self.received) / Double(self.covered))
        (self.covered, self.received, self.began) = (0, 0, now)
        loss += 0.5 * (window - loss)
        return judge(window, rate: rate, isQueueing: isQueueing)
    }

    private mutating func judge(_ window: Double, rate: Double, isQueueing: Bool) -> Verdict {
        if window < inherent { inherent -= 0.2 * (inherent - window) }
        let excess = (window - inherent) / (1 - inherent)
        if let trial {
            self.trial = nil
            // Sent a good deal less, and nearly as much is lost: so it was not too much.
            if !isQueueing, window > 0.7 * trial.loss, window < Self.mostInherent, rate < 0.95 * trial.rate {
                inherent = max(inherent, min(window, trial.loss))
                return .restore(trial.rate)
            }
        }
        guard excess > Self.bearable else { return .nothing }
        trial = (window, rate)
        return .cut(1 - excess / 2)
    }
}
