import DTLS
import ICE
import Net
import SRTP
import Wire

// Unchecked: its loop's thread alone touches what changes.
/// One thread with its share of the viewers.
final class ViewerWorker: @unchecked Sendable {
    private static let tickMilliseconds: Int64 = 10
    /// Each viewer has its turn ten times a second.
    private static let ticksPerRound = 10
    private static let repairMilliseconds: Int64 = 5
    /// A socket that never empties must not starve the others.
    private static let maximumReads = 8
    /// So finely the time of viewers' own links is told.
    private static let linkMilliseconds: Int64 = 1

    let loop: PollLoop
    private let inbox: MediaInbox
    private let responder = ICELiteResponder()
    private let scratch: SRTCPScratch
    private(set) var viewers: [Viewer] = []
    private var joining: [Viewer] = []
    private var repairing: [Viewer] = []
    /// Behind links of their own.
    private var weak: [Viewer] = []
    var latencies = LatencyRecorder()
    private var wallLead = MonotonicClock.wallLead()
    private var nextTick = MonotonicTime(nanoseconds: 0)
    private var cursor = 0

    init(number: Int, core: Int?, joined: Bool) throws {
        loop = PollLoop(name: "load viewers \(number)", core: core)
        inbox = try MediaInbox(joined: joined)
        scratch = try SRTCPScratch()
    }

    func start() {
        loop.start { [self] now in tick(now) }
    }

    /// On the loop's thread, as all below.
    func begin(
        _ viewer: Viewer, _ remote: RemoteDescription, certificate: DTLSCertificate, isLite: Bool, log: SendLog?
    ) {
        viewers.append(viewer)
        joining.append(viewer)
        if viewer.isWeak { weak.append(viewer) }
        loop.add(viewer.link.socket.descriptor) { [unowned self, unowned viewer] isReadable, _ in
            if isReadable { receive(viewer) }
        }
        viewer.begin(remote, log: log)
        viewer.link.begin(remote, certificate: certificate, isLite: isLite, at: MonotonicClock.now())
    }

    private func receive(_ viewer: Viewer) {
        let now = MonotonicClock.now()
        for _ in 0..<Self.maximumReads {
            let count = inbox.receive(
                from: viewer.link.socket, capturing: viewer.capture, withSource: !viewer.link.isConnected
            ) { arrival in
                let came = arrival.wallTime == 0 ? now : MonotonicTime(nanoseconds: arrival.wallTime - wallLead)
                let bytes = arrival.bytes
                if viewer.isWeak {
                    let content = UnsafeRawBufferPointer(bytes)
                    viewer.link.carry(content, byteCount: arrival.byteCount, from: arrival.source, at: came)
                } else {
                    take(bytes, byteCount: arrival.byteCount, from: arrival.source, came: came, viewer, at: now)
                }
            }
            if count < inbox.slots { break }
        }
        noteMissing(viewer)
    }

    private func noteMissing(_ viewer: Viewer) {
        if viewer.isMissing, !viewer.isRepairing {
            viewer.isRepairing = true
            repairing.append(viewer)
        }
    }

    private func take(
        _ bytes: UnsafeMutableRawBufferPointer, byteCount: Int, from source: SocketAddress?, came: MonotonicTime,
        _ viewer: Viewer, at now: MonotonicTime
    ) {
        guard let first = bytes.first else { return }
        guard first & 0xC0 == 0x80 else {
            return viewer.link.receive(Array(bytes), from: source, responder, at: now)
        }
        guard viewer.link.isConnected, bytes.count > 1 else { return }
        if (192...223).contains(bytes[1]) {  // RFC 5761, section 4
            guard bytes.count == byteCount else { return }
            return viewer.receiveRTCP(UnsafeRawBufferPointer(bytes), with: scratch, at: now)
        }
        viewer.receive(bytes, byteCount: byteCount, arrival: came, at: now, &latencies)
    }

    /// What has come through the viewers' own links, both ways.
    private func deliver(at now: MonotonicTime) {
        for viewer in weak where !viewer.link.isIdle {
            while var datagram = viewer.link.nextDatagram(at: now) {
                let (byteCount, source, due) = (datagram.byteCount, datagram.source, datagram.due)
                datagram.bytes.withUnsafeMutableBytes {
                    take($0, byteCount: byteCount, from: source, came: due, viewer, at: now)
                }
            }
            viewer.link.flush(at: now)
            noteMissing(viewer)
        }
    }

    private func tick(_ now: MonotonicTime) -> MonotonicTime {
        if !weak.isEmpty { deliver(at: now) }
        if !repairing.isEmpty {
            for viewer in repairing { viewer.repair(with: scratch, at: now) }
            repairing.removeAll { viewer in
                viewer.isRepairing = viewer.isMissing
                return !viewer.isMissing
            }
        }
        if now >= nextTick {
            nextTick = now.advanced(byMilliseconds: Self.tickMilliseconds)
            wallLead = MonotonicClock.wallLead()
            advance(at: now)
        }
        var next = repairing.isEmpty ? nextTick : min(nextTick, now.advanced(byMilliseconds: Self.repairMilliseconds))
        if weak.contains(where: { !$0.link.isIdle }) {
            next = min(next, now.advanced(byMilliseconds: Self.linkMilliseconds))
        }
        return next
    }

    private func advance(at now: MonotonicTime) {
        for viewer in joining { viewer.link.advance(at: now) }
        joining.removeAll { $0.link.isConnected || $0.link.failure != nil }
        let share = (viewers.count + Self.ticksPerRound - 1) / Self.ticksPerRound
        for _ in 0..<share {
            if cursor >= viewers.count { cursor = 0 }
            viewers[cursor].advance(with: scratch, at: now)
            cursor += 1
        }
    }

    func stop() {
        for viewer in viewers { loop.remove(viewer.link.socket.descriptor) }
        loop.stop()
    }
}
