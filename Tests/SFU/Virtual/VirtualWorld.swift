import DTLS
import ICE
import Net
import TestSupport
import Testing
import Wire

@testable import SFU

/// Made once: keys take a while.
final class DTLSCertificateBox: Sendable {
    static let relay = try? DTLSCertificateBox()
    static let peer = try? DTLSCertificateBox()

    let certificate: DTLSCertificate

    private init() throws { certificate = try DTLSCertificate() }
}

/// A relay of some workers, its peers, and the network between them: in virtual time, with a seed.
final class VirtualWorld {
    private struct Flight {
        let arrival: Int64
        let order: Int
        let datagram: [UInt8]
        /// Nil: the relay.
        let destination: SocketAddress?
        let source: SocketAddress
    }

    /// What the engine does to the world.
    private final class Outlet: RelayOutlet {
        var datagrams: [(SocketAddress, [UInt8])] = []
        var steps: [(RelaySessionID, Result<DTLSTransport.Step, any Error>)] = []
        var ended: [StreamID] = []
        var changed: [StreamID] = []
        var shown: [RelaySessionID] = []
        var players = 0
        private(set) var qualities: [ViewingQuality] = []
        var congested: Set<Endpoint> = []
        var news: [ShowNews] = []
        /// Workers that are to look at the rings, a bit each.
        var nudged: UInt64 = 0
        var viewersLeft = 0

        func send(_ batch: inout DatagramBatch) {
            batch.forEachDatagram { datagrams.append(($1, Array($0))) }
            batch.reset()
        }

        func send(_ datagram: [UInt8], to endpoint: Endpoint) { datagrams.append((endpoint.address, datagram)) }

        func advance(_ transport: DTLSTransport, with datagram: [UInt8]?, for session: RelaySessionID) {
            steps.append((session, Result { try datagram.map(transport.receive) ?? transport.resume() }))
        }

        func release(_ transport: DTLSTransport) { transport.close() }
        func trust(_ endpoint: Endpoint) {}
        func tell(_ news: ShowNews) { self.news.append(news) }
        func nudge(_ workers: UInt64) { nudged |= workers }
        func viewerLeft() { viewersLeft += 1 }
        func abandon(_ endpoint: Endpoint) {}
        func isCongested(_ endpoint: Endpoint) -> Bool { congested.contains(endpoint) }
        func report(_ news: UplinkNews) {
            switch news {
            case .changed(let stream): changed.append(stream)
            case .ended(let stream): ended.append(stream)
            case .shown(_, let session): shown.append(session)
            case .players(_, _, let count): players = count
            case .quality(_, _, let quality): qualities.append(quality)
            }
        }
        func log(_ line: String, _ stream: StreamID) {}
    }

    static let relayAddress = SocketAddress("10.0.0.1", port: 7_800)

    let engines: [RelayEngine]
    let stream = StreamID.random()
    private let outlets: [Outlet]
    /// Which worker a peer's datagrams go to; the first for all others.
    private var homes: [SocketAddress: Int] = [:]
    private(set) var now = MonotonicTime(nanoseconds: 1_000_000_000_000)
    var generator: SeededGenerator
    private var flights: [Flight] = []
    private var order = 0
    private var peers: [SocketAddress: VirtualPeer] = [:]
    /// To and from an address; what isn't named is a good one.
    var downlinks: [SocketAddress: Link] = [:]
    var uplinks: [SocketAddress: Link] = [:]
    private(set) var datagramsOut = 0
    /// Watches every packet that leaves, where a test wants that.
    var nonces: NonceWatch?
    private var datagramsTo: [SocketAddress: Int] = [:]

    init(seed: UInt64, workers: Int = 1) throws {
        generator = SeededGenerator(seed: seed)
        let address = try #require(Self.relayAddress)
        let certificate = try #require(DTLSCertificateBox.relay).certificate
        outlets = (0..<workers).map { _ in Outlet() }
        engines = try outlets.enumerated().map { number, outlet in
            try RelayEngine(
                place: .init(number: number, count: workers), outlet: outlet, certificate: certificate,
                candidates: [Candidate(address: address, transport: .udp, rank: 0)],
                generator: SeededGenerator(seed: seed &+ 1 &+ UInt64(number)))
        }
    }

    /// The first, which has the uplinks.
    var engine: RelayEngine { engines[0] }
    /// What the first worker's viewers have been told of their links.
    var qualities: [ViewingQuality] { outlets[0].qualities }
    var endedStreams: [StreamID] { outlets[0].ended }
    var changedStreams: [StreamID] { outlets[0].changed }
    var viewersLeft: [Int] { outlets.map(\.viewersLeft) }

    func address(_ number: Int) throws -> SocketAddress {
        try #require(SocketAddress("10.1.\(number / 250).\(number % 250 + 1)", port: 5_000))
    }

    /// `prepare` says what the publisher is like, before it offers.
    func publish(
        _ number: Int = 0, packetsPerFrame: Int = 9, prepare: (VirtualPublisher) -> Void = { _ in }
    ) throws -> VirtualPublisher {
        let publisher = try VirtualPublisher(
            try address(number), certificate: try #require(DTLSCertificateBox.peer), packetsPerFrame: packetsPerFrame)
        prepare(publisher)
        peers[publisher.address] = publisher
        try publisher.meet(publish(publisher.offer).answer, using: &generator)
        return publisher
    }

    /// Has the first worker take an uplink's offer.
    func publish(_ offer: String, resumes: Bool = true) throws -> (id: RelaySessionID, answer: String) {
        let offer = try Negotiation(offer: offer)
        let local = try engine.publish(stream, offer, resumes: resumes, at: now)
        return (local.id, offer.answer(local, direction: .recvonly))
    }

    /// Has a worker offer to a viewer.
    func invite(worker: Int = 0) throws -> (id: RelaySessionID, offer: String) {
        let show = try engines[worker].show(stream)
        let local = try engines[worker].invite(stream, show.offeredTracks, at: now)
        return (local.id, Negotiation.offer(show.offeredTracks, local, sources: show.sources))
    }

    func watch(_ number: Int, worker: Int = 0, prepare: (VirtualViewer) -> Void = { _ in }) throws -> VirtualViewer {
        let viewer = try VirtualViewer(try address(number), certificate: try #require(DTLSCertificateBox.peer))
        prepare(viewer)
        peers[viewer.address] = viewer
        homes[viewer.address] = worker
        let (id, offer) = try invite(worker: worker)
        #expect(id.worker(of: engines.count) == worker)
        try viewer.meet(offer, using: &generator)
        engines[worker].accept(id, try Negotiation.answer(viewer.answer(to: offer)), at: now)
        return viewer
    }

    /// The peer's network is another one from now on; the relay learns it by its next check.
    func move(_ peer: VirtualPeer, to address: SocketAddress) throws {
        peers[peer.address] = nil
        homes[address] = homes[peer.address]
        peer.address = address
        peers[address] = peer
        peer.checkAtOnce()
    }

    /// Lets the network forget this peer: nothing comes from it or reaches it.
    func cut(_ peer: VirtualPeer) { peers[peer.address] = nil }

    /// Any datagram, from any address.
    func inject(_ datagram: [UInt8], from source: SocketAddress) {
        var bytes = datagram
        bytes.withUnsafeMutableBytes { engines[homes[source, default: 0]].receive($0, from: Endpoint(source), at: now) }
        settle()
    }

    /// The viewer's connection takes no more, or takes all again.
    func congest(_ viewer: VirtualViewer, connection: UInt64, _ isCongested: Bool) {
        let endpoint = Endpoint(viewer.address, connection: connection)
        if isCongested { outlets[0].congested.insert(endpoint) } else { outlets[0].congested.remove(endpoint) }
        engine.noteBacklog(of: connection, isCongested: isCongested, at: now)
    }

    /// How many the relay has sent there.
    func datagrams(to address: SocketAddress) -> Int { datagramsTo[address, default: 0] }

    /// Lets time pass, a millisecond at a time. `every` is called each 33 ms.
    func run(_ milliseconds: Int64, every: (() -> Void)? = nil) {
        for step in 0..<milliseconds {
            now = now.advanced(byMilliseconds: 1)
            if step % 33 == 0 { every?() }
            if step % 5 == 0 { for peer in peers.values { peer.tick(at: now) } }
            collect()
            deliver()
            settle()
            for engine in engines { _ = engine.handleTimers(at: now) }
            settle()
            collect()
        }
    }

    private func settle() {
        for (number, outlet) in outlets.enumerated() {
            while !outlet.steps.isEmpty {
                let (session, result) = outlet.steps.removeFirst()
                engines[number].handshakeAdvanced(session, result, at: now)
            }
            engines[number].flush(at: now)
        }
        passOn()
    }

    /// What engines tell each other arrives in its order, and before who is nudged looks.
    private func passOn() {
        for (number, outlet) in outlets.enumerated() {
            for news in outlet.news {
                for other in engines where other.place.number != number { other.receive(news, at: now) }
            }
            outlet.news = []
            for other in engines where outlet.nudged & (1 << UInt64(other.place.number)) != 0 { other.flush(at: now) }
            outlet.nudged = 0
        }
    }

    /// Puts what was sent on its way.
    private func collect() {
        for outlet in outlets {
            datagramsOut += outlet.datagrams.count
            for (address, _) in outlet.datagrams { datagramsTo[address, default: 0] += 1 }
            for (address, datagram) in outlet.datagrams { nonces?.see(datagram, to: address) }
            for (address, datagram) in outlet.datagrams { fly(datagram, to: address, from: address, &downlinks) }
            outlet.datagrams = []
        }
        for peer in peers.values {
            for datagram in peer.outbox { fly(datagram, to: nil, from: peer.address, &uplinks) }
            peer.outbox = []
        }
    }

    private func fly(
        _ datagram: [UInt8], to destination: SocketAddress?, from source: SocketAddress,
        _ links: inout [SocketAddress: Link]
    ) {
        let delays = links[source, default: Link(delayMS: 1)].delays(bytes: datagram.count, at: now, using: &generator)
        for delay in delays {
            order += 1
            flights.append(
                Flight(
                    arrival: now.nanoseconds + delay * 1_000_000, order: order, datagram: datagram,
                    destination: destination, source: source))
        }
    }

    private func deliver() {
        let due = flights.filter { $0.arrival <= now.nanoseconds }
            .sorted { ($0.arrival, $0.order) < ($1.arrival, $1.order) }
        flights.removeAll { $0.arrival <= now.nanoseconds }
        for flight in due {
            if let destination = flight.destination {
                peers[destination]?.receive(flight.datagram, at: now)
            } else {
                var bytes = flight.datagram
                let engine = engines[homes[flight.source, default: 0]]
                bytes.withUnsafeMutableBytes { engine.receive($0, from: Endpoint(flight.source), at: now) }
                while outlets.contains(where: { !$0.steps.isEmpty }) { settle() }
            }
        }
    }
}
