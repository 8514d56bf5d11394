import TestSupport
import Testing
import Wire

@testable import SFU

/// More viewers than are sent a frame at a time.
@Suite("A show with a crowd")
struct CrowdTests {
    private let world: VirtualWorld
    private let publisher: VirtualPublisher
    private let viewers: [VirtualViewer]

    init() throws {
        let world = try VirtualWorld(seed: 71)
        publisher = try world.publish(packetsPerFrame: 3)
        world.run(200)
        viewers = try (1...150).map { try world.watch($0) }
        self.world = world
        play(1_500)
        try #require(viewers.allSatisfy { !$0.video.isEmpty })
    }

    private func play(_ milliseconds: Int64) {
        world.run(milliseconds) { publisher.sendFrame(using: &world.generator) }
    }

    private var audience: Audience { get throws { try #require(world.engine.audiences[world.stream]) } }

    /// Publishes a frame, and stops when it has been sent to some.
    private func playIntoFrame() throws {
        publisher.sendFrame(using: &world.generator)
        for _ in 0..<10 where !world.engine.isSending { world.run(1) }
        try #require(world.engine.isSending)
    }

    @Test("lets sound pass while a frame is on its way to everybody")
    func sound() throws {
        let before = viewers.map(\.sound)
        for _ in 0..<2 {  // sound is beside every other frame
            try playIntoFrame()
            let (first, last) = (try audience.downlinks.pointer(0), try audience.downlinks.pointer(149))
            let (video, sound) = (MediaKind.video.number, MediaKind.audio.number)
            #expect(last.pointee.tracks[video].next < first.pointee.tracks[video].next)
            #expect(last.pointee.tracks[sound].next == first.pointee.tracks[sound].next)
            world.run(33)
        }
        #expect(zip(before, viewers.map(\.sound)).allSatisfy { $0 + 1 == $1 })
    }

    @Test("leaves nobody behind who changes place while a frame is on its way")
    func leaving() throws {
        for _ in 0..<5 {
            try playIntoFrame()
            // The last one takes the first one's place, where the frame has been already.
            #expect(world.engine.end(try audience.downlinks.pointer(0).pointee.session))
            world.run(33)
        }
        play(500)
        world.run(100)
        let end = try audience.served[MediaKind.video.number]
        for position in 0..<(try audience.downlinks.count) {
            #expect(try audience.downlinks.pointer(position).pointee.tracks[MediaKind.video.number].next == end)
        }
        #expect(try audience.downlinks.count == 145)
    }

    @Test("rests when all have left in the middle of a frame")
    func empty() throws {
        try playIntoFrame()
        while try audience.downlinks.count > 0 {
            _ = world.engine.end(try audience.downlinks.pointer(0).pointee.session)
        }
        #expect(!world.engine.isSending)
    }
}
