import DTLS
import Logging
import Net
import Wire

/// The world as a worker's engine sees it. Only the worker's own thread uses it.
final class WorkerOutlet: RelayOutlet {
    private let port: UDPPort
    /// Set once, before the first datagram; nil where TCP can't be had.
    var tcp: TCPPort?
    private let handshakes: HandshakePool
    private let logger: Logger
    private let onHandshake: @Sendable (RelaySessionID, Result<DTLSTransport.Step, any Error>) -> Void
    private let onUplink: @Sendable (UplinkNews) -> Void
    /// The other workers, by their numbers; set once, before the first datagram.
    var siblings: [Int: RelayWorker.Link] = [:]
    /// How many viewers are here or on their way; shared with those who place them.
    let load: WorkerLoad
    private(set) var counts = UDPPort.Counts()
    private var segmentsBefore: Bool

    init(
        port: UDPPort, load: WorkerLoad, handshakes: HandshakePool, logger: Logger,
        onHandshake: @escaping @Sendable (RelaySessionID, Result<DTLSTransport.Step, any Error>) -> Void,
        onUplink: @escaping @Sendable (UplinkNews) -> Void
    ) {
        self.port = port
        self.load = load
        self.handshakes = handshakes
        self.logger = logger
        self.onHandshake = onHandshake
        self.onUplink = onUplink
        segmentsBefore = port.segments
    }

    func send(_ batch: inout DatagramBatch) {
        counts += port.send(&batch)
        guard segmentsBefore, !port.segments else { return }
        segmentsBefore = false
        logger.notice(
            "several viewers in a row took no segmented datagrams (UDP_SEGMENT): for a minute the relay sends one by one"
        )
    }

    func send(_ datagram: [UInt8], to endpoint: Endpoint) {
        if endpoint.isUDP {
            port.send(datagram, to: endpoint.address)
        } else {
            tcp?.send(datagram, to: endpoint.connection)
        }
    }

    func trust(_ endpoint: Endpoint) {
        if !endpoint.isUDP { tcp?.trust(endpoint.connection) }
    }

    /// The peer whose endpoint it was has left it: a connection ends.
    func abandon(_ endpoint: Endpoint) {
        if !endpoint.isUDP { tcp?.close(endpoint.connection) }
    }

    /// Whether what is sent there now comes late: a connection that takes less than it is sent.
    func isCongested(_ endpoint: Endpoint) -> Bool { !endpoint.isUDP && tcp?.isCongested(endpoint.connection) == true }

    func advance(_ transport: DTLSTransport, with datagram: [UInt8]?, for session: RelaySessionID) {
        let done = onHandshake
        handshakes.advance(transport, with: datagram) { done(session, $0) }
    }

    func release(_ transport: DTLSTransport) { handshakes.release(transport) }

    func tell(_ news: ShowNews) { for sibling in siblings.values { sibling.deliver(news) } }

    func nudge(_ workers: UInt64) {
        for (number, sibling) in siblings where workers & (1 << UInt64(number)) != 0 { sibling.nudge() }
    }

    func viewerLeft() { load.leave() }

    func report(_ news: UplinkNews) { onUplink(news) }

    func log(_ line: String, _ stream: StreamID) { logger.debug("\(line)", metadata: ["stream": "\(stream)"]) }
}
