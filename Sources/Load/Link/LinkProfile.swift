private import Foundation

/// What the link of one viewer is like, as `--link` writes it: `rate=800,delay=25,queue=200,loss=2`, or `trace=FILE`
/// with lines of "MS KBIT_PER_S", from the beginning again when it ends.
package struct LinkProfile: Sendable, Equatable {
    package enum Capacity: Sendable, Equatable {
        case unlimited
        /// In kbit/s.
        case constant(Double)
        /// From these times on, in ms; `period` is the whole's length.
        case trace([Step], period: Double)
    }

    package struct Step: Sendable, Equatable {
        package var from: Double
        package var kilobits: Double
    }

    package var capacity = Capacity.unlimited
    /// One way, in ms.
    package var delay = 25.0
    /// As long may a packet wait for those before it, in ms.
    package var queue = 200.0
    /// Up to so much more, never out of order, in ms.
    package var jitter = 0.0
    /// Of the packets to the viewer, from 0 to 1.
    package var loss = 0.0
    /// So many in a row on average.
    package var burst = 1.0

    package init() {}

    package init(parsing text: String) throws(LoadFailure) {
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
            guard pair.count == 2 else { throw Self.failure("\"\(part)\" in it has no \"=\"") }
            if pair[0] == "trace" {
                try read(pair[1])
            } else {
                try set(pair[0], pair[1])
            }
        }
    }

    private mutating func set(_ name: String, _ text: String) throws(LoadFailure) {
        func number(_ range: ClosedRange<Double>) throws(LoadFailure) -> Double {
            guard let value = Double(text), range.contains(value) else {
                throw Self.failure("\(name) is a number from \(range.lowerBound) to \(range.upperBound)")
            }
            return value
        }
        switch name {
        case "rate": capacity = .constant(try number(1...10_000_000))
        case "delay": delay = try number(0...10_000)
        case "queue": queue = try number(0...60_000)
        case "jitter": jitter = try number(0...10_000)
        case "loss": loss = try number(0...99) / 100
        case "burst": burst = try number(1...1_000)
        default: throw Self.failure("it has no \"\(name)\": rate, delay, queue, jitter, loss, burst or trace")
        }
    }

    private mutating func read(_ path: String) throws(LoadFailure) {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw Self.failure("can't read the trace \(path)")
        }
        var steps: [Step] = []
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(separator: " ").compactMap { Double($0) }
            guard words.count == 2, words[1] >= 0, words[0] >= 0,
                steps.isEmpty || words[0] > steps[steps.count - 1].from
            else { throw Self.failure("\(path) is no trace: lines of MS KBIT_PER_S, their times rising") }
            steps.append(Step(from: words[0], kilobits: words[1]))
        }
        guard let last = steps.last, steps.contains(where: { $0.kilobits >= 1 }) else {
            throw Self.failure("\(path) carries nothing")
        }
        steps[0].from = 0
        // The last step is as long as the one before.
        let length = steps.count > 1 ? last.from - steps[steps.count - 2].from : 1_000
        capacity = .trace(steps, period: last.from + length)
    }

    private static func failure(_ reason: String) -> LoadFailure { LoadFailure("--link: \(reason)") }
}
