import TestSupport
import Testing
import Wire

@testable import SFU

@Suite("A show on several workers")
struct WorkersTests {
    private func play(_ world: VirtualWorld, _ publisher: VirtualPublisher, _ milliseconds: Int64) {
        world.run(milliseconds) { publisher.sendFrame(using: &world.generator) }
    }

    /// Four workers, the uplink on the first, a viewer on each.
    private func show(seed: UInt64) throws -> (VirtualWorld, VirtualPublisher, [VirtualViewer]) {
        let world = try VirtualWorld(seed: seed, workers: 4)
        let publisher = try world.publish()
        world.run(200)
        play(world, publisher, 500)
        let viewers = try (0..<4).map { try world.watch($0 + 1, worker: $0) }
        return (world, publisher, viewers)
    }

    private func expectWhole(_ viewer: VirtualViewer, of publisher: VirtualPublisher) throws {
        let received = viewer.video.sorted { $0.key < $1.key }.map(\.value.payload)
        let first = try #require(received.first)
        let start = try #require(publisher.payloads.firstIndex(of: first))
        #expect(received == Array(publisher.payloads[start...]))
        #expect(first.prefix(2) == [0x10, 0], "a key frame's first packet")
    }

    @Test("reaches the viewers of all of them, whole and in order")
    func everywhere() throws {
        let (world, publisher, viewers) = try show(seed: 61)
        publisher.sendSenderReports(at: world.now)
        play(world, publisher, 3_000)
        world.run(100)
        for viewer in viewers {
            try expectWhole(viewer, of: publisher)
            #expect(viewer.sound > 30 && viewer.duplicates == 0 && viewer.senderReports.count >= 2)
        }
    }

    @Test("is repaired everywhere: what the uplink lost is passed on, what a viewer lost comes from the ring")
    func repairs() throws {
        let (world, publisher, viewers) = try show(seed: 62)
        play(world, publisher, 500)
        world.uplinks[publisher.address] = Link(delayMS: 20, lossPerMille: 50, reorderedPerMille: 30)
        world.downlinks[viewers[2].address] = Link(delayMS: 20, lossPerMille: 100)
        play(world, publisher, 3_000)
        world.uplinks[publisher.address] = nil
        world.downlinks[viewers[2].address] = nil
        play(world, publisher, 500)
        world.run(500)
        #expect(publisher.nacks > 20 && viewers[2].repairs > 20)
        for viewer in viewers { try expectWhole(viewer, of: publisher) }
    }

    @Test("asks for a key frame once, whoever wants one")
    func keyFrames() throws {
        let (world, publisher, viewers) = try show(seed: 63)
        play(world, publisher, 2_000)
        let before = publisher.keyFrames
        for _ in 0..<20 { for viewer in viewers { viewer.askForKeyFrame() } }
        play(world, publisher, 900)
        #expect(publisher.keyFrames - before == 1)
    }

    @Test("goes on for all when another uplink takes over, and ends for all with it")
    func takeoverAndEnd() throws {
        let (world, publisher, viewers) = try show(seed: 64)
        play(world, publisher, 500)
        world.cut(publisher)
        let second = try world.publish(50)
        world.run(300)
        play(world, second, 2_000)
        for viewer in viewers {
            let last = viewer.video.max { $0.key < $1.key }?.value.payload
            #expect(last.map { second.payloads.contains($0) } == true)
        }
        #expect(world.engines.map { $0.audiences[world.stream]?.downlinks.count } == [1, 1, 1, 1])
        world.cut(second)
        world.run(32_000)
        #expect(world.endedStreams == [world.stream] && world.viewersLeft == [1, 1, 1, 1])
        #expect(world.engines.allSatisfy { $0.peers.isEmpty && $0.audiences.isEmpty })
        #expect(throws: RelayError.noUplink) { try world.invite(worker: 3) }
    }

    @Test("costs workers without a viewer of it nothing")
    func noViewers() throws {
        let world = try VirtualWorld(seed: 65, workers: 2)
        let publisher = try world.publish()
        world.run(200)
        let viewer = try world.watch(1)
        play(world, publisher, 1_000)
        #expect(world.engine.shows[world.stream]?.attendance.workers == 1 && viewer.video.count > 200)
        let late = try world.watch(2, worker: 1)
        play(world, publisher, 1_000)
        #expect(world.engine.shows[world.stream]?.attendance.workers == 3)
        world.run(100)
        try expectWhole(late, of: publisher)
    }
}
