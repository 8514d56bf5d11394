import Testing
import Wire

@testable import Load

struct FileVideoTests {
    @Test func aFrameIsCutIntoVP8PayloadsAndKeepsItsBytes() {
        let frame = (0..<3_000).map { UInt8($0 % 251) & 0xFE }
        let payloads = VP8Packetizer.payloads(frame, pictureNumber: 0x1234)
        #expect(payloads.map(\.count) == [1_150, 1_150, 712])
        #expect(payloads.flatMap { $0.dropFirst(4) } == frame)
        #expect(payloads.map { $0[0] } == [0x90, 0x80, 0x80])
        #expect(payloads.allSatisfy { $0[1...3] == [0x80, 0x92, 0x34] })
        let first = payloads[0]
        let isKey = VideoCodec.vp8.beginsKeyFrame(first.span)
        #expect(isKey)
    }

    @Test func aLongNALUnitIsCutIntoFragmentsAndKeepsItsBytes() {
        let unit = [UInt8(0x65)] + (0..<2_500).map { UInt8($0 % 255) + 1 }
        let payloads = H264Packetizer.payloads([0, 0, 0, 1, 0x67, 0x42, 0, 0, 1] + unit)
        #expect(payloads.count == 4)
        #expect(payloads[0] == [0x67, 0x42])
        #expect(payloads[1...].map { $0[0] } == [0x7C, 0x7C, 0x7C])
        #expect(payloads[1...].map { $0[1] } == [0x85, 0x05, 0x45])
        #expect([0x65] + payloads[1...].flatMap { $0.dropFirst(2) } == unit)
    }

    @Test func picturesAreToldApartByTheirDelimiters() {
        let bytes: [UInt8] = [
            0, 0, 0, 1, 9, 16, 0, 0, 1, 0x67, 5, 0, 0, 1, 0x65, 7, 0, 0, 0, 1, 9, 48, 0, 0, 1, 0x41, 8,
        ]
        let pictures = AnnexB.pictures(bytes)
        #expect(pictures.map(\.isKey) == [true, false])
        #expect(pictures[1].bytes == [0, 0, 0, 1, 0x41, 8])
    }

    @Test func ivfThatIsCutOffGivesItsWholeFrames() {
        let header = [UInt8](repeating: 0, count: 32)
        let frame: [UInt8] = [3, 0, 0, 0] + [UInt8](repeating: 0, count: 8) + [0x10, 1, 2]
        #expect(IVF.frames(header + frame + frame.dropLast()) == [EncodedFrame(bytes: [0x10, 1, 2], isKey: true)])
        #expect(IVF.frames([]).isEmpty)
    }

    @Test func theLogFindsPayloadsWhateverTheRelayNumbersPictures() {
        let log = SendLog()
        var payload: [UInt8] = [0x90, 0x80, 0x81, 2] + Array(0..<100)
        payload.withUnsafeBytes { log.note($0, isVP8: true, at: MonotonicTime(nanoseconds: 77)) }
        payload[3] = 9
        #expect(payload.withUnsafeBytes { log.sentAt($0, isVP8: true) } == 77)
        payload[50] ^= 1
        #expect(payload.withUnsafeBytes { log.sentAt($0, isVP8: true) } == nil)
    }
}
