import Congestion
import Wire

/// Flows that share a link, for some time.
final class Scenario {
    struct Score {
        /// Of what the link could carry (and the flows could send).
        let use: Double
        let delayP95: Double
        let loss: Double
        /// The longest time in a row, in seconds, that more was sent than the link carries.
        let overloadedSeconds: Int
        /// By flow, kbit/s over the second half.
        let shares: [Double]
        /// By flow and second, kbit/s.
        let rates: [[Double]]
    }

    var link: VirtualLink
    let flows: [VirtualFlow]
    var others: [VirtualTCP] = []
    /// The way back of the first flow's reports, which somebody else's flow goes the same way.
    var back: BackLink?
    let seconds: Int
    /// Called each ms.
    var script: (Scenario, Double) -> Void = { _, _ in }
    private var onTheWay: [(at: Double, VirtualLink.Packet)] = []
    private var offered: [Double]

    init(_ link: VirtualLink, _ flows: [VirtualFlow], seconds: Int) {
        self.link = link
        self.flows = flows
        self.seconds = seconds
        offered = Array(repeating: 0, count: seconds + 1)
    }

    func run() -> Score {
        var head = 0
        for step in 0..<seconds * 1_000 {
            let now = Double(step)
            script(self, now)
            for (index, flow) in flows.enumerated() {
                flow.send(at: now) { number, bytes in
                    offered[step / 1_000] += Double(bytes * 8)
                    _ = link.send(.init(flow: index, number: number, bytes: bytes, sent: now), at: now)
                }
            }
            for (index, other) in others.enumerated() {
                other.send(at: now) { number, bytes in
                    link.send(.init(flow: flows.count + index, number: number, bytes: bytes, sent: now), at: now)
                }
            }
            for packet in link.advance(to: now) {
                let oneWay =
                    packet.flow < flows.count ? flows[packet.flow].oneWayMS : others[packet.flow - flows.count].oneWayMS
                onTheWay.append((now + oneWay, packet))
            }
            if flows.allSatisfy({ $0.oneWayMS == flows[0].oneWayMS }) == false { onTheWay.sort { $0.at < $1.at } }
            while head < onTheWay.count, onTheWay[head].at <= now {
                deliver(onTheWay[head].1, at: now)
                head += 1
            }
            if head > 5_000 {
                onTheWay.removeFirst(head)
                head = 0
            }
            for flow in flows { flow.report(at: now) }
            back?.advance(to: now)
        }
        return score()
    }

    private func deliver(_ packet: VirtualLink.Packet, at now: Double) {
        if packet.flow < flows.count {
            flows[packet.flow].receive(packet.number, packet.bytes, at: now)
        } else {
            others[packet.flow - flows.count].receive(packet.number, at: now)
        }
    }

    private func score() -> Score {
        var (possible, got) = (0.0, 0.0)
        var (overloaded, longest) = (0, 0)
        for second in 0..<seconds {
            let capacity = link.kbps(at: Double(second) * 1_000 + 500)
            possible += min(capacity, flows.reduce(0) { $0 + $1.most / 1_000 })
            got += flows.reduce(0) { $0 + $1.received[second] / 1_000 }
            overloaded = offered[second] / 1_000 > 1.1 * capacity ? overloaded + 1 : 0
            longest = max(longest, overloaded)
        }
        let waits = link.waits.sorted()
        return Score(
            use: got / possible, delayP95: waits.isEmpty ? 0 : waits[Int(Double(waits.count) * 0.95)],
            loss: Double(link.dropped) / Double(max(link.offered, 1)), overloadedSeconds: longest,
            shares: flows.map { flow in
                flow.received[(seconds / 2)..<seconds].reduce(0, +) / 1_000 / Double(seconds - seconds / 2)
            },
            rates: flows.map { $0.received.map { $0 / 1_000 } })
    }
}
