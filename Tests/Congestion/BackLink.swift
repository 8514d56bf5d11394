import Congestion
import Wire

/// A narrow way back (RFC 8867, section 5.3): a flow in the other direction fills it, and the reports of the first one have
/// to come through its queue.
final class BackLink {
    private static let (media, reports) = (0, 1)
    /// Of a report of some twenty packets, with all headers.
    private static let reportBytes = 100

    private var link: VirtualLink
    private let flow: VirtualFlow
    private let reporting: VirtualFlow
    private var sent: [TransportArrivals] = []
    private var onTheWay: [(at: Double, bytes: Int, number: Int)] = []
    private var now = 0.0

    init(_ link: VirtualLink, for reporting: VirtualFlow, seconds: Int) {
        self.link = link
        self.reporting = reporting
        flow = VirtualFlow(oneWayMS: reporting.oneWayMS, seconds: seconds)
        reporting.sendReport = { [unowned self] report in
            _ = self.link.send(
                .init(flow: Self.reports, number: sent.count, bytes: Self.reportBytes, sent: now), at: now)
            sent.append(report)
        }
    }

    func advance(to now: Double) {
        self.now = now
        flow.send(at: now) { number, bytes in
            _ = link.send(.init(flow: Self.media, number: number, bytes: bytes, sent: now), at: now)
        }
        for packet in link.advance(to: now) {
            if packet.flow == Self.reports {
                reporting.take(sent[packet.number], at: now + flow.oneWayMS)
            } else {
                onTheWay.append((now + flow.oneWayMS, packet.bytes, packet.number))
            }
        }
        while let first = onTheWay.first, first.at <= now {
            onTheWay.removeFirst()
            flow.receive(first.number, first.bytes, at: now)
        }
        flow.report(at: now)
    }
}
