import DTLS
import ICE
import TestSupport
import Testing
import Wire

@testable import SFU

@Suite("What nobody should send the relay")
struct HostileDatagramTests {
    private func show(seed: UInt64) throws -> (VirtualWorld, VirtualPublisher, VirtualViewer) {
        let world = try VirtualWorld(seed: seed)
        let publisher = try world.publish()
        world.run(200)
        let viewer = try world.watch(1)
        world.run(600) { publisher.sendFrame(using: &world.generator) }
        return (world, publisher, viewer)
    }

    /// The picture goes on, whole.
    private func expectPicture(_ world: VirtualWorld, _ publisher: VirtualPublisher, _ viewer: VirtualViewer) {
        let before = viewer.video.count
        world.run(1_000) { publisher.sendFrame(using: &world.generator) }
        world.run(50)
        #expect(viewer.video.count >= before + 270)
        let numbers = viewer.video.keys.sorted()
        #expect(numbers.count == numbers[numbers.count - 1] - numbers[0] + 1)
    }

    @Test("datagrams of every first byte and length, from strangers and from peers' addresses")
    func everything() throws {
        let (world, publisher, viewer) = try show(seed: 20)
        for source in [try world.address(99), publisher.address, viewer.address] {
            for first in 0..<256 {
                for length in [1, 2, 4, 8, 11, 12, 13, 20, 28, 60, 1_300] {
                    world.inject([UInt8(first)] + world.generator.bytes(length - 1), from: source)
                }
            }
        }
        #expect(world.engine.peers.count == 2)
        #expect(world.engine.counters.strayDatagrams > 1_000 && world.engine.counters.forgedPackets > 0)
        expectPicture(world, publisher, viewer)
    }

    @Test("a stranger's hello opens no handshake")
    func uncheckedHello() throws {
        let (world, publisher, viewer) = try show(seed: 21)
        let certificate = try #require(DTLSCertificateBox.peer).certificate
        let client = DTLSTransport(
            certificate: certificate, remoteFingerprints: [world.engine.certificate.fingerprint], role: .client)
        let before = world.engine.counters.strayDatagrams
        for flight in try client.begin().datagrams { world.inject(flight, from: try world.address(98)) }
        #expect(world.engine.counters.strayDatagrams == before + 1 && world.engine.peers.count == 2)
        expectPicture(world, publisher, viewer)
    }

    @Test("packets that come again, and sources that nobody announced, are dropped and counted")
    func replays() throws {
        let (world, publisher, viewer) = try show(seed: 22)
        let again = publisher.sent.values.prefix(50)
        for packet in again { world.inject(packet, from: publisher.address) }
        #expect(world.engine.counters.replayedPackets == 50)
        let keys = try #require(publisher.keys)
        let stranger = try PublisherSealer(keys)
        let header: [UInt8] = [0x80, 100, 0, 1, 0, 0, 0, 1, 9, 9, 9, 9]
        world.inject(stranger.seal(header, [0x10, 0]), from: publisher.address)
        #expect(world.engine.shows[world.stream]?.uplink.receiver?.sourceChanges == 0)
        expectPicture(world, publisher, viewer)
    }

    @Test("a flood of checks from one address is answered no more than a peer's would be")
    func flood() throws {
        let (world, publisher, viewer) = try show(seed: 23)
        let fragment = try #require(
            world.engine.peers.values.first.flatMap { world.engine.directory[$0] }?.credentials.usernameFragment)
        let checker = ConnectivityChecker(
            remote: ICECredentials(usernameFragment: fragment, password: "a guess"), localFragment: "x",
            using: &world.generator)
        let made = checker.makeCheck()
        let check = try #require(made)
        let before = world.datagramsOut
        for _ in 0..<100_000 { world.inject(check, from: try world.address(97)) }
        world.run(10)
        #expect(world.datagramsOut - before < 200)
        expectPicture(world, publisher, viewer)
    }

    @Test("a viewer that asks for everything again gets no more than its share")
    func greedy() throws {
        let (world, publisher, viewer) = try show(seed: 24)
        let before = world.datagramsOut
        for _ in 0..<200 {
            viewer.ask(for: viewer.video.keys.map { UInt16(truncatingIfNeeded: $0) })
            world.run(1)
        }
        #expect(world.datagramsOut - before < 1_500)
        expectPicture(world, publisher, viewer)
    }

    @Test("answers that are none, or have no fingerprint, are refused")
    func answers() throws {
        let (world, _, _) = try show(seed: 25)
        #expect(throws: RelayError.self) { try Negotiation.answer("hello") }
        #expect(throws: RelayError.self) { try Negotiation.answer("v=0\r\nm=video 9 X 96\r\na=mid:0\r\n") }
        #expect(throws: RelayError.noUplink) { try world.engine.show(.random()) }
        #expect(throws: RelayError.noUplink) { try world.engine.invite(.random(), [], at: world.now) }
    }
}
