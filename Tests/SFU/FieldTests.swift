import ICE
import TestSupport
import Testing
import Wire

@testable import SFU

/// What was found in the field: one test for each kind.
@Suite("The relay in the field, in virtual time")
struct FieldTests {
    private func play(_ world: VirtualWorld, _ publisher: VirtualPublisher, _ milliseconds: Int64) {
        world.run(milliseconds) { publisher.sendFrame(at: world.now, using: &world.generator) }
    }

    private func show(
        seed: UInt64, prepare: (VirtualPublisher) -> Void = { _ in }
    ) throws -> (VirtualWorld, VirtualPublisher) {
        let world = try VirtualWorld(seed: seed)
        let publisher = try world.publish(packetsPerFrame: 3, prepare: prepare)
        world.run(200)
        try #require(publisher.isConnected)
        return (world, publisher)
    }

    /// A show that runs, with a viewer who has its picture.
    private func watchedShow(
        seed: UInt64, prepare: (VirtualPublisher) -> Void = { _ in }
    ) throws -> (VirtualWorld, VirtualPublisher, VirtualViewer) {
        let (world, publisher) = try show(seed: seed, prepare: prepare)
        let viewer = try world.watch(1)
        play(world, publisher, 500)
        try #require(!viewer.video.isEmpty)
        return (world, publisher, viewer)
    }

    private func expectWhole(_ viewer: VirtualViewer) {
        let numbers = viewer.video.keys.sorted()
        guard let first = numbers.first, let last = numbers.last else { return #expect(Bool(false), "no picture") }
        #expect(numbers.count == last - first + 1)
    }

    // MARK: Beginnings

    @Test("200 viewers who join at any time, with handshakes of up to 2 s, see their first packet within 300 ms")
    func beginnings() throws {
        let (world, publisher) = try show(seed: 301) { $0.keyFrameDelayMS = 100 }
        play(world, publisher, 1_000)
        var delays: [Int64] = []
        for number in 0..<200 {
            let viewer = try world.watch(100 + number)
            viewer.handshakeDelayMS = Int64.random(in: 0...2_000, using: &world.generator)
            play(world, publisher, viewer.handshakeDelayMS + Int64.random(in: 500...1_500, using: &world.generator))
            let (first, connected) = (try #require(viewer.firstVideo), try #require(viewer.connectedAt))
            delays.append(first.milliseconds(since: connected))
            world.cut(viewer)
            viewer.sayGoodbye()
        }
        delays.sort()
        print("first packets after the handshake's end: median \(delays[100]) ms, p99 \(delays[197]) ms")
        #expect(delays[197] <= 300)
        #expect(delays[197] > 20, "some had to wait for a key frame")
    }

    @Test("a request for a key frame that is lost is made again")
    func lostRequest() throws {
        let (world, publisher) = try show(seed: 302)
        play(world, publisher, 3_000)
        world.downlinks[publisher.address] = Link(delayMS: 1, lossPerMille: 1_000)
        let viewer = try world.watch(1)
        play(world, publisher, 450)
        #expect(viewer.isConnected && viewer.firstVideo == nil)
        world.downlinks[publisher.address] = nil
        play(world, publisher, 300)
        #expect(viewer.firstVideo != nil)
    }

    @Test("an encoder that hears no request: its next key frame is the beginning, and a young one is at once")
    func deafEncoder() throws {
        let (world, publisher) = try show(seed: 303) { $0.keyFrameDelayMS = nil }
        play(world, publisher, 500)
        let early = try world.watch(1)
        play(world, publisher, 300)
        #expect(early.firstVideo != nil)
        play(world, publisher, 2_000)
        let late = try world.watch(2)
        play(world, publisher, 2_000)
        #expect(late.isConnected && late.sound > 0 && late.firstVideo == nil)
        publisher.wantKeyFrame()
        play(world, publisher, 100)
        #expect(late.firstVideo != nil)
        #expect((3...20).contains(publisher.keyFrameRequests.count))
    }

    // MARK: Parameter sets

    private static let sequenceSet: [UInt8] = [0x67, 0x42, 0xC0, 0x1F, 1, 2, 3]
    private static let pictureSet: [UInt8] = [0x68, 0xCE, 4]
    private static let slice: [UInt8] = [0x65, 0x88, 9, 9, 9]
    private static let other: [UInt8] = [0x41, 0x9A, 7, 7]

    /// Sends frames of which each tenth is a key frame: `sets` are sent with it as packets of their own.
    private func playH264(_ world: VirtualWorld, _ publisher: VirtualPublisher, sets: [[UInt8]], frames: Int) {
        for number in 0..<frames {
            publisher.nextFrame()
            if number % 10 == 0 {
                for set in sets { publisher.send(set, marker: false) }
                publisher.send(Self.slice, marker: false)
                publisher.send(Self.slice)
            } else {
                publisher.send(Self.other)
            }
            world.run(33)
        }
    }

    @Test("a viewer begins with the parameter sets that stand before the slices of a key frame")
    func parameterSetsInBand() throws {
        let (world, publisher) = try show(seed: 304) { $0.codec = "H264/90000" }
        playH264(world, publisher, sets: [Self.sequenceSet, Self.pictureSet], frames: 15)
        let viewer = try world.watch(1)
        playH264(world, publisher, sets: [Self.sequenceSet, Self.pictureSet], frames: 20)
        let received = viewer.video.sorted { $0.key < $1.key }.map(\.value.payload)
        #expect(received.prefix(4) == [Self.sequenceSet, Self.pictureSet, Self.slice, Self.slice])
        #expect(received.count { $0 == Self.sequenceSet } < 5)
        expectWhole(viewer)
    }

    /// Sequence number, payload, end of a frame: one key frame as different encoders cut it, and a frame before.
    private static let ways: [[(number: UInt16, payload: [UInt8], isEnd: Bool)]] = [
        [
            (0, other, true), (1, [9, 0x10], false), (2, sequenceSet, false), (3, pictureSet, false),
            (4, [6, 5], false),
            (5, [0x7C, 0x85, 1], false), (6, [0x7C, 0x45, 2], true),
        ],
        [
            (0, other, true), (1, [0x78, 0, 7] + sequenceSet + [0, 3] + pictureSet, false), (2, [0x7C, 0x85, 1], true),
        ],
        [(0, other, true), (1, sequenceSet, false), (2, pictureSet, false), (3, slice, false), (4, slice, true)],
        // The first of it comes last.
        [(0, other, true), (2, pictureSet, false), (3, slice, true), (1, sequenceSet, false)],
    ]

    @Test("a key frame begins with its frame's first packet, however it is cut and in whatever order", arguments: 0..<4)
    func firstOfKeyFrame(way: Int) throws {
        let codec = Codec(name: "H264/90000", parameters: nil)
        let track = MediaTrack(kind: .video, codec: codec, sources: MediaSources(media: 1, repair: 2))
        let now = MonotonicTime(nanoseconds: 1_000_000_000)
        for (number, payload, isEnd) in Self.ways[way] {
            let time: [UInt8] = number == 0 ? [0, 0, 0, 1] : [0, 0, 0, 9]
            let bytes = [0x80, 96 | (isEnd ? 0x80 : 0), 0, UInt8(number)] + time + [0, 0, 0, 1] + payload
            let header = try #require(RTPHeader(bytes))
            payload.withUnsafeBytes { _ = track.receive(header, payload: $0, at: now) }
        }
        let first = try #require(track.feed.keyFrame).index
        let expected = Self.ways[way].first { $0.number == 1 }?.payload
        #expect(track.feed.ring.packet(first).map { Array($0.payload) } == expected)
    }

    @Test("parameter sets that came once are sent again before each key frame")
    func parameterSetsOnce() throws {
        let (world, publisher) = try show(seed: 305) { $0.codec = "H264/90000" }
        playH264(world, publisher, sets: [Self.sequenceSet, Self.pictureSet], frames: 10)
        playH264(world, publisher, sets: [], frames: 30)
        let viewer = try world.watch(1)
        playH264(world, publisher, sets: [], frames: 20)
        let received = viewer.video.sorted { $0.key < $1.key }.map(\.value.payload)
        let together: [UInt8] = [0x78, 0, 7] + Self.sequenceSet + [0, 3] + Self.pictureSet
        #expect(received.prefix(3) == [together, Self.slice, Self.slice])
        expectWhole(viewer)
    }

    // MARK: Who is where

    @Test("a viewer's check from the publisher's address changes nothing for the show")
    func spoofedAddress() throws {
        let (world, publisher, viewer) = try watchedShow(seed: 306)
        let made = viewer.checker?.makeCheck()
        world.inject(try #require(made), from: publisher.address)
        let before = viewer.video.count
        play(world, publisher, 1_000)
        #expect(viewer.video.count > before + 80 && world.engine.counters.misplacedChecks == 1)
        #expect(world.engine.directory.peer(at: Endpoint(publisher.address))?.role == .uplink)
        expectWhole(viewer)
    }

    @Test("an address that a viewer only says is its own gets a check and no media")
    func unprovenAddress() throws {
        let (world, publisher, viewer) = try watchedShow(seed: 307)
        let made = viewer.checker?.makeCheck()
        let victim = try world.address(66)
        world.inject(try #require(made), from: victim)
        let before = viewer.video.count
        play(world, publisher, 1_000)
        #expect(viewer.video.count > before + 80)
        #expect(world.datagrams(to: victim) <= 10, "an answer, and checks")
    }

    @Test("nobody is at port 0")
    func portZero() throws {
        let (world, _, viewer) = try watchedShow(seed: 308)
        let made = viewer.checker?.makeCheck()
        let nowhere = try #require(SocketAddress("10.9.9.9", port: 0))
        world.inject(try #require(made), from: nowhere)
        #expect(world.datagrams(to: nowhere) == 0 && world.engine.directory.peer(at: Endpoint(nowhere)) == nil)
    }

    // MARK: Who publishes

    @Test("an uplink that never connects takes nothing from the one that is shown")
    func hopelessUplink() throws {
        let (world, publisher, viewer) = try watchedShow(seed: 309)
        let hopeless = try world.publish(50)
        world.cut(hopeless)
        play(world, publisher, 35_000)
        #expect(world.endedStreams.isEmpty && world.engine.peers.count == 2)
        #expect(viewer.video.count > 3 * 30 * 30)
        expectWhole(viewer)
    }

    @Test("an uplink with another codec has viewers invited anew when its media come, not before")
    func otherCodec() throws {
        let (world, publisher, viewer) = try watchedShow(seed: 310)
        let second = try world.publish(50) { $0.codec = "H264/90000" }
        play(world, publisher, 300)
        #expect(second.isConnected && world.changedStreams.isEmpty)
        let before = viewer.video.count
        playH264(world, second, sets: [Self.sequenceSet, Self.pictureSet], frames: 10)
        #expect(world.changedStreams == [world.stream] && viewer.video.count - before < 20)
        let invited = try world.watch(2)
        playH264(world, second, sets: [Self.sequenceSet, Self.pictureSet], frames: 15)
        #expect(invited.video.count > 10)
        expectWhole(invited)
    }

    @Test("the same encoder in another process is another session, from whatever port", arguments: [true, false])
    func encoderAgain(samePort: Bool) throws {
        let (world, publisher) = try show(seed: 311)
        let viewer = try world.watch(1)
        play(world, publisher, 1_000)
        let before = viewer.video.count
        publisher.startOver()
        if !samePort { try world.move(publisher, to: try world.address(88)) }
        try publisher.meet(world.publish(publisher.offer, resumes: false).answer, using: &world.generator)
        world.run(200)
        play(world, publisher, 1_500)
        #expect(viewer.video.count > before + 90 && world.engine.peers.count == 2)
        expectWhole(viewer)
    }

    @Test("a picture goes on when its source becomes another in the same session")
    func otherSource() throws {
        let (world, publisher) = try show(seed: 312)
        let viewer = try world.watch(1)
        play(world, publisher, 1_000)
        let before = viewer.video.count
        publisher.beginAnew()
        play(world, publisher, 1_000)
        #expect(viewer.video.count > before + 80)
        #expect(world.engine.shows[world.stream]?.uplink.receiver?.sourceChanges == 1)
        expectWhole(viewer)
    }

    // MARK: The uplink's packets

    @Test("probes are not passed on, and leave no gap")
    func probes() throws {
        let (world, publisher) = try show(seed: 313)
        let viewer = try world.watch(1)
        for _ in 0..<60 {
            play(world, publisher, 33)
            publisher.sendProbe()
        }
        world.run(100)
        #expect(viewer.video.count > 100 && viewer.video.values.allSatisfy { !$0.payload.isEmpty })
        expectWhole(viewer)
    }

    @Test("what an uplink sends again in packets of their own is put in its place")
    func uplinkRepair() throws {
        let (world, publisher, viewer) = try watchedShow(seed: 314) { $0.repairPayloadType = 101 }
        world.uplinks[publisher.address] = Link(delayMS: 20, lossPerMille: 50)
        play(world, publisher, 4_000)
        world.uplinks[publisher.address] = nil
        play(world, publisher, 500)
        world.run(200)
        #expect(publisher.nacks > 10)
        expectWhole(viewer)
    }

    @Test("packets that fit no viewer's datagram are counted and not passed on")
    func oversized() throws {
        let (world, publisher, viewer) = try watchedShow(seed: 315)
        publisher.send([0x10, 1] + [UInt8](repeating: 1, count: MediaTrack.maximumPayloadBytes - 1))
        world.run(50)
        #expect(world.engine.counters.oversizedPackets == 1)
        #expect(viewer.video.values.allSatisfy { $0.payload.count <= MediaTrack.maximumPayloadBytes })
    }

    // MARK: Leaving

    @Test("a viewer that takes its leave gets nothing more")
    func viewerGoodbye() throws {
        let (world, publisher, viewer) = try watchedShow(seed: 316)
        viewer.sayGoodbye()
        play(world, publisher, 100)
        #expect(world.engine.peers.count == 1 && world.viewersLeft == [1])
    }

    @Test("an uplink that takes its leave is asked whether it is there: one that pauses stays")
    func uplinkGoodbye() throws {
        let (world, publisher) = try show(seed: 317)
        play(world, publisher, 500)
        publisher.sayGoodbye()
        world.run(5_000)
        #expect(world.endedStreams.isEmpty, "it answers")
        publisher.answersChecks = false
        publisher.sayGoodbye()
        world.run(5)
        publisher.startOver()
        world.run(4_000)
        #expect(world.endedStreams == [world.stream])
    }

    @Test("an uplink's leave is heard while it is asked for its round trip, and doesn't answer")
    func goodbyeWhileAsked() throws {
        let (world, publisher) = try show(seed: 320)
        play(world, publisher, 500)
        publisher.answersChecks = false
        play(world, publisher, 1_200)
        publisher.sayGoodbye()
        world.run(5)
        publisher.startOver()
        world.run(4_000)
        #expect(world.endedStreams == [world.stream])
    }

    @Test("a viewer that closes its transport gets nothing more, and nobody else can close it")
    func closeNotify() throws {
        let (world, publisher, viewer) = try watchedShow(seed: 318)
        let alert: [UInt8] = [21, 254, 253, 0, 1, 0, 0, 0, 0, 0, 5, 0, 26] + [UInt8](repeating: 7, count: 26)
        world.inject(alert, from: viewer.address)
        play(world, publisher, 12_000)
        #expect(world.engine.peers.count == 2, "it is there")
        for datagram in viewer.farewell() { world.inject(datagram, from: viewer.address) }
        #expect(world.engine.peers.count == 1 && world.viewersLeft == [1])
    }

    @Test("a viewer whose connection is full waits, and goes on with a key frame and the next number")
    func fullConnection() throws {
        let (world, publisher) = try show(seed: 319)
        let viewer = try world.watch(1)
        play(world, publisher, 1_000)
        let before = viewer.video.count
        let downlink = try #require(world.engine.audiences[world.stream]).downlinks.pointer(0)
        downlink.pointee.endpoint = Endpoint(viewer.address, connection: 9)
        world.congest(viewer, connection: 9, true)
        play(world, publisher, 2_000)
        #expect(viewer.video.count < before + 10)
        let last = try #require(viewer.video.keys.max())
        world.congest(viewer, connection: 9, false)
        play(world, publisher, 1_000)
        #expect(viewer.video[last + 1]?.payload.prefix(2) == [0x10, 0], "a key frame's first packet")
        expectWhole(viewer)
    }
}
