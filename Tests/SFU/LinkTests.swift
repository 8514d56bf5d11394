import Congestion
import TestSupport
import Testing
import Wire

@testable import SFU

@Suite("Viewers with weak links, in virtual time")
struct LinkTests {
    private func play(_ world: VirtualWorld, _ publisher: VirtualPublisher, _ milliseconds: Int64) {
        world.run(milliseconds) { publisher.sendFrame(using: &world.generator) }
    }

    @Test("who has a link that carries all is served as if nobody measured, and nothing is tried on it")
    func healthy() throws {
        let world = try VirtualWorld(seed: 31)
        let publisher = try world.publish()
        let viewer = try world.watch(1)
        world.downlinks[viewer.address] = Link(delayMS: 25, rateKbps: 8_000)
        play(world, publisher, 8_000)
        #expect(world.qualities.isEmpty && viewer.probes == 0)
        #expect(viewer.video.count > 2_000)
    }

    @Test("who has a link that carries less is sent no more than that, and others lose nothing by it")
    func weak() throws {
        let world = try VirtualWorld(seed: 32)
        let publisher = try world.publish()
        let (weak, other) = (try world.watch(1), try world.watch(2))
        world.downlinks[weak.address] = Link(delayMS: 25, rateKbps: 800)
        play(world, publisher, 3_000)
        let before = (weak.bytes, weak.sound - other.sound, other.video.count)
        let sent = world.datagrams(to: weak.address)
        play(world, publisher, 6_000)
        let bits = (weak.bytes - before.0) * 8
        #expect(Double(bits) < 1.1 * 800_000 * 6)
        // What goes in comes out: nothing overflows any more.
        #expect(world.datagrams(to: weak.address) - sent < 6 * 140)
        #expect(abs(weak.sound - other.sound - before.1) <= 2, "every packet of the sound")
        #expect(other.video.count - before.2 > 6_000 / 33 * 9 - 30)
        #expect(world.qualities.contains(.soundOnly), "the picture has no lower layer to choose")
    }

    @Test("who only tells how much it has lost is sent what its link carries, too, unless the link loses anyhow")
    func reportsOnly() throws {
        let world = try VirtualWorld(seed: 36)
        let publisher = try world.publish { $0.isLayered = true }
        let viewers = try (1...2).map { try world.watch($0) { $0.speaksTransport = false } }
        world.downlinks[viewers[0].address] = Link(delayMS: 25, rateKbps: 1_500)
        world.downlinks[viewers[1].address] = Link(delayMS: 25, lossPerMille: 100)
        play(world, publisher, 10_000)
        let before = (viewers.map(\.bytes), world.datagrams(to: viewers[0].address), viewers[0].video.count)
        play(world, publisher, 10_000)
        let bits = zip(viewers, before.0).map { Double(($0.bytes - $1) * 8) / 10 }
        #expect(bits[0] > 500_000, "\(bits[0])")
        let sent = world.datagrams(to: viewers[0].address) - before.1
        #expect(Double(sent * 1_200 * 8) / 10 < 1.1 * 1_500_000, "\(sent)")
        #expect(bits[1] > 2_000_000, "\(bits[1])")
    }

    @Test(
        "who tells only of loss gets the picture back after a narrow stretch, whether it says what it takes or not",
        arguments: [0, 4_000_000] as [UInt32])
    func reportsOnlyRecovered(bound: UInt32) throws {
        let world = try VirtualWorld(seed: 37)
        let publisher = try world.publish { $0.isLayered = true }
        let viewer = try world.watch(1) { $0.speaksTransport = false }
        for _ in 0..<200 where viewer.firstVideo == nil { play(world, publisher, 100) }
        viewer.bound = bound
        play(world, publisher, 2_000)
        world.downlinks[viewer.address] = Link(delayMS: 25, rateKbps: 200)
        play(world, publisher, 10_000)
        world.downlinks[viewer.address] = Link(delayMS: 25)
        play(world, publisher, 20_000)
        let before = viewer.video.count
        play(world, publisher, 4_000)
        #expect(viewer.video.count - before > 4 * 60, "not even the lowest layer: \(viewer.video.count - before)")
    }

    @Test(
        "who joins late over a narrow link isn't sent at once all that it has missed"
    )
    func joinsLate() throws {
        let world = try VirtualWorld(seed: 38)
        let publisher = try world.publish()
        let early = try world.watch(1)
        for _ in 0..<200 where early.firstVideo == nil { play(world, publisher, 100) }
        early.askForKeyFrame()
        play(world, publisher, 1_200)
        let late = try (2...3).map { try world.watch($0) }
        world.downlinks[late[0].address] = Link(delayMS: 25, rateKbps: 1_500)
        for _ in 0..<400 where late.contains(where: { $0.firstVideo == nil }) { play(world, publisher, 5) }
        // A key frame and a train, with sound and what the handshake took; not all of 1.2 s, which is 330 packets.
        #expect(world.datagrams(to: late[0].address) < 100, "\(world.datagrams(to: late[0].address))")
        play(world, publisher, 1_500)
        let newest = try #require(early.video.keys.max())
        #expect(late[1].video.count > 60 && early.video[newest] != nil)
    }

    @Test("who has a better link again gets the picture back, whole")
    func recovered() throws {
        let world = try VirtualWorld(seed: 33)
        let publisher = try world.publish()
        let viewer = try world.watch(1)
        world.downlinks[viewer.address] = Link(delayMS: 25, rateKbps: 4_000)
        play(world, publisher, 4_000)
        world.downlinks[viewer.address] = Link(delayMS: 25, rateKbps: 500)
        play(world, publisher, 8_000)
        world.downlinks[viewer.address] = Link(delayMS: 25, rateKbps: 4_000)
        play(world, publisher, 8_000)
        let before = viewer.video.count
        play(world, publisher, 4_000)
        #expect(viewer.video.count - before > 4_000 / 33 * 9 - 30)
        #expect(world.qualities.last == .good)
        let numbers = viewer.video.keys.sorted().suffix(1_000)
        #expect(numbers.last.map { $0 - (numbers.first ?? 0) } == numbers.count - 1, "no gaps")
    }

    @Test("what a viewer asks for costs one key frame in half a second, and three in ten seconds for one of them")
    func keyFrameBudget() throws {
        let world = try VirtualWorld(seed: 34)
        let publisher = try world.publish()
        let viewers = try (1...4).map { try world.watch($0) }
        play(world, publisher, 2_000)
        let before = publisher.keyFrames
        for _ in 0..<100 {
            viewers[0].askForKeyFrame()
            play(world, publisher, 100)
        }
        #expect(publisher.keyFrames - before <= 3)
        let later = publisher.keyFrames
        for _ in 0..<20 {
            for viewer in viewers { viewer.askForKeyFrame() }
            play(world, publisher, 50)
        }
        #expect(publisher.keyFrames - later <= 3)
    }

    @Test("the same packet is not sent again twice in a round trip")
    func repairOnce() throws {
        let world = try VirtualWorld(seed: 35)
        let publisher = try world.publish()
        let viewer = try world.watch(1)
        play(world, publisher, 2_000)
        viewer.asks = false
        let number = UInt16(truncatingIfNeeded: try #require(viewer.video.keys.max()) - 20)
        let before = viewer.repairs
        for _ in 0..<5 { viewer.ask(for: [number]) }
        world.run(15)
        #expect(viewer.repairs - before == 1)
        world.run(50)
        viewer.ask(for: [number])
        world.run(15)
        #expect(viewer.repairs - before == 2)
    }

    /// What the way to a viewer loses, whether it speaks RTX, and whether it reports on arrivals.
    static let players: [(loss: Int, takesRepairs: Bool, reports: Bool)] = [
        (0, false, false), (50, false, false), (50, true, false), (50, true, true), (150, false, false),
    ]

    @Test(
        "what is sent again without a number of its own is what it was, also where pictures were left out",
        arguments: 0..<5)
    func sentAgainAsItWas(number: Int) throws {
        let (loss, takesRepairs, reports) = Self.players[number]
        let world = try VirtualWorld(seed: 40 + UInt64(number))
        world.nonces = NonceWatch()
        let publisher = try world.publish { $0.isLayered = true }
        let viewer = try world.watch(1) {
            $0.takesRepairs = takesRepairs
            $0.reports = reports
        }
        // A handshake is real work, which takes a busy machine longer than a quiet one.
        for _ in 0..<200 where viewer.firstVideo == nil { play(world, publisher, 100) }
        world.downlinks[viewer.address] = Link(delayMS: 20, lossPerMille: loss)
        play(world, publisher, 2_000)
        // Enough for every second picture, then for every fourth, then for all, then for none.
        for bound: UInt32 in [1_900_000, 1_000_000, 4_000_000, 300_000, 1_900_000] {
            viewer.bound = bound
            play(world, publisher, 3_000)
        }
        #expect(world.nonces?.reused == 0)
        #expect(viewer.video.count > 300, "\(viewer.video.count)")
        #expect(world.qualities.contains(.weak), "\(world.qualities)")
    }
}
