import Wire

/// What an engine waits for, a row each.
struct TimerTable {
    enum Row: Int, CaseIterable {
        /// The rest of a frame that may not come.
        case frameHold
        /// Who has joined reads on.
        case catchUp
        /// Who is served within its rate gets its next packets.
        case pace
        /// What is missing is asked for again.
        case repair
        /// Transport-wide feedback to uplinks.
        case feedback
        /// Reports to uplinks and viewers, a part of them each time.
        case reports
        /// A key frame that had to wait, or has not come.
        case keyFrame
        /// Viewers who wait for one to begin with.
        case beginnings
        /// Checks of the relay's own.
        case probes
        /// Lost flights of handshakes.
        case handshakes
        /// Who is gone.
        case sweep
    }

    private var deadlines: [MonotonicTime?] = Array(repeating: nil, count: Row.allCases.count)

    var next: MonotonicTime? { deadlines.lazy.compactMap { $0 }.min() }

    /// Keeps an earlier deadline.
    mutating func set(_ row: Row, _ deadline: MonotonicTime) {
        if let known = deadlines[row.rawValue], known <= deadline { return }
        deadlines[row.rawValue] = deadline
    }

    /// Whether its time has come; then it has no deadline any more.
    mutating func take(_ row: Row, at now: MonotonicTime) -> Bool {
        guard let deadline = deadlines[row.rawValue], deadline <= now else { return false }
        deadlines[row.rawValue] = nil
        return true
    }
}
