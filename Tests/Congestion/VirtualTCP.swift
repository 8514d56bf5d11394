/// TCP as RFC 5681 has it, near enough: slow start, one packet a round trip more, half after a loss.
final class VirtualTCP {
    static let packetBytes = 1_500

    var isRunning = true
    /// What is left to send; nil: no end.
    var rest: Int?
    let oneWayMS: Double
    private var window = 10.0
    private var threshold = 1_000.0
    private var inFlight = 0
    private var next = 0
    private var acks: [(at: Double, number: Int)] = []
    private var losses: [(at: Double, number: Int)] = []
    private var recoverUpTo = -1
    private(set) var received = 0.0

    init(oneWayMS: Double, bytes: Int? = nil) {
        self.oneWayMS = oneWayMS
        rest = bytes
    }

    func send(at now: Double, _ out: (_ number: Int, _ bytes: Int) -> Bool) {
        while let first = acks.first, first.at <= now {
            acks.removeFirst()
            inFlight -= 1
            window += window < threshold ? 1 : 1 / window
        }
        while let first = losses.first, first.at <= now {
            losses.removeFirst()
            inFlight -= 1
            if first.number > recoverUpTo {
                recoverUpTo = next
                threshold = max(window / 2, 2)
                window = threshold
            }
        }
        while isRunning, Double(inFlight) < window, rest.map({ $0 > 0 }) ?? true {
            rest = rest.map { $0 - Self.packetBytes }
            inFlight += 1
            if !out(next, Self.packetBytes) { losses.append((now + 3 * oneWayMS, next)) }
            next += 1
        }
    }

    func receive(_ number: Int, at now: Double) {
        received += Double(Self.packetBytes * 8)
        acks.append((now + oneWayMS, number))
    }
}
