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

    let loop: PollLoop
    private let inbox: MediaInbox
    private let responder = ICELiteResponder()
    private let scratch: SRTCPScratch
    private(set) var viewers: [Viewer] = []
    private var joining: [Viewer] = []
    private var repairing: [Viewer] = []
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
            ) { arrival in take(arrival, viewer, at: now) }
            if count < inbox.slots { break }
        }
        if viewer.isMissing, !viewer.isRepairing {
            viewer.isRepairing = true
            repairing.append(viewer)
        }
    }

    private func take(_ arrival: borrowing MediaInbox.Arrival, _ viewer: Viewer, at now: MonotonicTime) {
        guard let first = arrival.bytes.first else { return }
        guard first & 0xC0 == 0x80 else {
            return viewer.link.receive(Array(arrival.bytes), from: arrival.source, responder, at: now)
        }
        guard viewer.link.isConnected, arrival.bytes.count > 1 else { return }
        if (192...223).contains(arrival.bytes[1]) {  // RFC 5761, section 4
            guard arrival.bytes.count == arrival.byteCount else { return }
            return viewer.receiveRTCP(UnsafeRawBufferPointer(arrival.bytes), with: scratch, at: now)
        }
        let came = arrival.wallTime == 0 ? now : MonotonicTime(nanoseconds: arrival.wallTime - wallLead)
        viewer.receive(arrival.bytes, byteCount: arrival.byteCount, arrival: came, at: now, &latencies)
    }

    private func tick(_ now: MonotonicTime) -> MonotonicTime {
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
        return repairing.isEmpty ? nextTick : min(nextTick, now.advanced(byMilliseconds: Self.repairMilliseconds))
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
