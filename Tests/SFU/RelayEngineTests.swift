import ICE
import TestSupport
import Testing
import Wire

@testable import SFU

@Suite("The relay in virtual time")
struct RelayEngineTests {
    /// A show that runs, with one viewer that has joined it.
    private func show(seed: UInt64) throws -> (VirtualWorld, VirtualPublisher, VirtualViewer) {
        let world = try VirtualWorld(seed: seed)
        let publisher = try world.publish()
        world.run(200)
        try #require(publisher.isConnected, "\(String(describing: publisher.failure))")
        let viewer = try world.watch(1)
        return (world, publisher, viewer)
    }

    private func play(_ world: VirtualWorld, _ publisher: VirtualPublisher, _ milliseconds: Int64) {
        world.run(milliseconds) { publisher.sendFrame(using: &world.generator) }
    }

    /// The payloads that a viewer should have: all that were sent from its first on, but for the last few on their way.
    private func expected(_ publisher: VirtualPublisher, _ viewer: VirtualViewer) -> [[UInt8]] {
        guard let first = viewer.video.keys.min(), let payload = viewer.video[first]?.payload,
            let start = publisher.payloads.firstIndex(of: payload)
        else { return [] }
        return Array(publisher.payloads[start...])
    }

    @Test("shows every packet once and in order, from a key frame on")
    func plain() throws {
        let (world, publisher, viewer) = try show(seed: 1)
        play(world, publisher, 3_000)
        world.run(100)
        let received = viewer.video.sorted { $0.key < $1.key }.map(\.value)
        #expect(viewer.isConnected && received.count > 700 && viewer.sound > 30 && viewer.duplicates == 0)
        #expect(received.map(\.payload) == expected(publisher, viewer))
        #expect(received[0].payload.prefix(2) == [0x10, 0], "a key frame's first packet")
        #expect(zip(received, received.dropFirst()).allSatisfy { $0.timestamp <= $1.timestamp })
        let numbers = viewer.video.keys.sorted()
        #expect(numbers.count == numbers[numbers.count - 1] - numbers[0] + 1)
    }

    /// Name, and what the way to the viewer is like.
    static let networks: [(String, Link)] = [
        ("5 % loss", Link(delayMS: 20, lossPerMille: 50)),
        ("20 % loss", Link(delayMS: 20, lossPerMille: 200)),
        ("bursts of 8, 5 % in all", Link(delayMS: 20, lossPerMille: 50, burst: 8)),
        ("10 % reordered", Link(delayMS: 20, reorderedPerMille: 100)),
        ("10 % doubled", Link(delayMS: 20, duplicatedPerMille: 100)),
        ("200 ms, 5 % loss", Link(delayMS: 200, lossPerMille: 50)),
        (
            "everything at once",
            Link(delayMS: 40, lossPerMille: 80, duplicatedPerMille: 30, reorderedPerMille: 50, burst: 3)
        ),
    ]

    @Test("repairs by NACK and RTX what the way to a viewer loses", arguments: 0..<7)
    func lossyDownlink(number: Int) throws {
        let (name, link) = Self.networks[number]
        let (world, publisher, viewer) = try show(seed: 100 + UInt64(number))
        play(world, publisher, 500)
        world.downlinks[viewer.address] = link
        world.uplinks[viewer.address] = Link(delayMS: link.delayMS, lossPerMille: link.lossPerMille / 2)
        play(world, publisher, 5_000)
        world.downlinks[viewer.address] = Link(delayMS: link.delayMS)
        world.run(1_500)
        let expected = expected(publisher, viewer)
        let received = viewer.video.sorted { $0.key < $1.key }.map(\.value.payload)
        let share = Double(received.count) / Double(max(1, expected.count))
        print("\(name): \(received.count) of \(expected.count) packets (\(share * 100) %), \(viewer.repairs) repaired")
        #expect(share > (link.lossPerMille > 100 ? 0.995 : 0.9995) && expected.count > 1_000)
        #expect(Set(received).isSubset(of: Set(expected)))
        if share == 1 { #expect(received == expected) }
        if link.lossPerMille > 0 { #expect(viewer.repairs > 20) }
    }

    @Test("asks the uplink for what the way from it loses", arguments: [50, 200])
    func lossyUplink(loss: Int) throws {
        let (world, publisher, viewer) = try show(seed: 200 + UInt64(loss))
        play(world, publisher, 500)
        world.uplinks[publisher.address] = Link(delayMS: 20, lossPerMille: loss, reorderedPerMille: 30)
        play(world, publisher, 4_000)
        world.uplinks[publisher.address] = nil
        play(world, publisher, 500)
        world.run(300)
        let expected = expected(publisher, viewer)
        let received = viewer.video.sorted { $0.key < $1.key }.map(\.value.payload)
        print("uplink with \(loss) of 1,000 lost: \(received.count) of \(expected.count), \(publisher.nacks) asked for")
        #expect(received == expected && publisher.nacks > 30 && expected.count > 1_000)
    }

    @Test("joins in the middle with a key frame that a thousand others share")
    func keyFramesAreShared() throws {
        let (world, publisher, viewer) = try show(seed: 3)
        play(world, publisher, 2_000)
        let before = publisher.keyFrames
        var others: [VirtualViewer] = []
        for number in 2..<22 { others.append(try world.watch(number)) }
        play(world, publisher, 1_500)
        for _ in 0..<30 { for each in others + [viewer] { each.askForKeyFrame() } }
        play(world, publisher, 2_000)
        #expect(
            others.allSatisfy {
                $0.firstVideo != nil && $0.video[$0.video.keys.min() ?? 0]?.payload.prefix(2) == [0x10, 0]
            })
        #expect((1...5).contains(publisher.keyFrames - before), "one a second at most")
    }

    @Test("tells viewers the uplink's clocks, and the uplink how it arrives")
    func reports() throws {
        let (world, publisher, viewer) = try show(seed: 4)
        publisher.sendSenderReports(at: world.now)
        play(world, publisher, 3_000)
        let reports = viewer.senderReports
        #expect(reports.count >= 2 && publisher.transportReports > 20)
        guard reports.count >= 2 else { return }
        let seconds = Double(reports[1].ntp - reports[0].ntp) / 4_294_967_296
        #expect(abs(seconds - 1) < 0.1)
        #expect(abs(Int64(reports[1].rtp) - Int64(reports[0].rtp) - Int64(seconds * 90_000)) < 100)
        #expect(reports[1].packets > reports[0].packets)
        guard case .receiverReport(_, let blocks) = publisher.reports.last else {
            Issue.record("no receiver report")
            return
        }
        #expect(blocks.map(\.ssrc).contains(VirtualPublisher.ssrc) && blocks.allSatisfy { $0.fractionLost == 0 })
    }

    @Test("goes on under the same names when another uplink takes over")
    func takeover() throws {
        let (world, publisher, viewer) = try show(seed: 5)
        play(world, publisher, 1_000)
        world.cut(publisher)
        let second = try world.publish(50)
        world.run(300)
        play(world, second, 2_000)
        let received = viewer.video.sorted { $0.key < $1.key }.map(\.value)
        let numbers = viewer.video.keys.sorted()
        #expect(numbers.count == numbers[numbers.count - 1] - numbers[0] + 1)
        #expect(received.last.map { second.payloads.contains($0.payload) } == true)
        #expect(zip(received, received.dropFirst()).allSatisfy { Int32(bitPattern: $1.timestamp &- $0.timestamp) >= 0 })
        #expect(world.endedStreams.isEmpty)
    }

    @Test("follows a viewer whose address changes, and one that restarts ICE")
    func movingViewer() throws {
        let (world, publisher, viewer) = try show(seed: 6)
        play(world, publisher, 1_000)
        let moved = try world.address(77)
        try world.move(viewer, to: moved)
        play(world, publisher, 4_000)
        let peer = try #require(world.engine.directory.peer(at: Endpoint(moved)))
        #expect(world.engine.directory.endpoint(of: peer) == Endpoint(moved) && viewer.checksAnswered > 0)

        let before = try #require(world.engine.directory[peer]?.credentials)
        let remote = RemoteCredentials(usernameFragment: "virt2", password: viewer.localPassword)
        #expect(world.engine.restart(peer.id, remote: remote)?.credentials != before)
        #expect(
            world.engine.restart(peer.id, remote: remote)?.credentials == world.engine.directory[peer]?.credentials)
        let count = viewer.video.count
        play(world, publisher, 1_000)
        #expect(viewer.video.count > count + 200, "the former credentials hold until the new ones are used")
    }

    @Test("lets an uplink restart ICE without losing a packet")
    func uplinkRestart() throws {
        let (world, publisher, viewer) = try show(seed: 9)
        play(world, publisher, 1_000)
        publisher.fragment = "other"
        let (id, answer) = try world.publish(publisher.offer)
        try publisher.meet(answer, using: &world.generator)
        play(world, publisher, 2_000)
        world.run(100)
        #expect(world.engine.peers[id].flatMap { world.engine.directory[$0] }?.former == nil)
        #expect(world.engine.peers.count == 2)
        #expect(viewer.video.sorted { $0.key < $1.key }.map(\.value.payload) == expected(publisher, viewer))
    }

    @Test("lets go of who is silent for 30 s, and of who never finishes its handshake")
    func silence() throws {
        let (world, publisher, viewer) = try show(seed: 7)
        _ = try world.invite()
        play(world, publisher, 1_000)
        #expect(world.engine.peers.count == 3)
        world.cut(viewer)
        play(world, publisher, 32_000)
        #expect(world.engine.peers.count == 1 && world.engine.audiences[world.stream]?.downlinks.count == 0)
        #expect(world.engine.directory.fragmentCount == 1 && world.engine.directory.endpointCount == 1)
        world.cut(publisher)
        world.run(32_000)
        #expect(
            world.engine.peers.isEmpty && world.engine.shows.isEmpty && world.engine.audiences.isEmpty
                && world.endedStreams == [world.stream])
    }
}
