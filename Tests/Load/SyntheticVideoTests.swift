import Testing
import Wire

@testable import Load

struct SyntheticVideoTests {
    @Test func aRelayTakesItForVP8WithKeyFramesWhenAskedFor() {
        var generator = SystemRandomNumberGenerator()
        let video = SyntheticVideo(using: &generator)
        let frames = [true, false, true].map { video.next(wantsKeyFrame: $0) }
        #expect(frames.map { $0.map(\.count) } == Array(repeating: Array(repeating: 1_150, count: 9), count: 3))
        let begins = frames.map { $0.map(Self.beginsKeyFrame) }
        #expect(begins.map { $0[0] } == [true, false, true])
        #expect(begins.allSatisfy { !$0.dropFirst().contains(true) })
    }

    private static func beginsKeyFrame(_ payload: [UInt8]) -> Bool { VideoCodec.vp8.beginsKeyFrame(payload.span) }

    @Test func aStampTellsWhatWasChangedBehindTheDescriptor() throws {
        var generator = SystemRandomNumberGenerator()
        let video = SyntheticVideo(using: &generator)
        var payload = video.next(wantsKeyFrame: true)[0]
        payload.withUnsafeMutableBytes {
            video.willSend($0, packet: 0, of: 9, at: MonotonicTime(nanoseconds: 123_456))
        }
        payload[2] = 0x81  // a relay's own picture number
        var found = payload.withUnsafeBytes { Stamp.read($0) }
        #expect(try #require(found).isWhole)
        #expect(found?.stamp == Stamp(sentAt: 123_456, frame: 0, packet: 0, count: 9))
        payload[600] ^= 1
        found = payload.withUnsafeBytes { Stamp.read($0) }
        #expect(try #require(found).isWhole == false)
    }

    @Test func aKeyFrameIsWholeWhenTheLastMissingPacketCame() {
        var watch = KeyFrameWatch()
        watch.receive(sequence: 9, timestamp: 1, isLast: false, beginsKeyFrame: false)
        watch.receive(sequence: 65_535, timestamp: 2, isLast: false, beginsKeyFrame: true)
        watch.receive(sequence: 1, timestamp: 2, isLast: true, beginsKeyFrame: false)
        watch.receive(sequence: 2, timestamp: 3, isLast: true, beginsKeyFrame: false)
        #expect(!watch.isWhole)
        watch.receive(sequence: 0, timestamp: 2, isLast: false, beginsKeyFrame: false)
        #expect(watch.isWhole)
    }
}
