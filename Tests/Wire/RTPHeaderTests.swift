import TestSupport
import Testing
import Wire

@Suite("An RTP packet's header")
struct RTPHeaderTests {
    private let fixed: [UInt8] = [0x80, 0xE0, 0x12, 0x34, 0, 0, 0, 5, 0, 0, 0, 9]

    @Test("is read with its contributing sources, extensions and padding")
    func whole() throws {
        var packet = fixed
        packet[0] = 0x80 | 0x20 | 0x10 | 1
        packet += [0, 0, 0, 1]
        packet += [0xBE, 0xDE, 0, 2, 0x31, 0xAB, 0xCD, 0, 0, 0x50, 7, 0]
        packet += [1, 2, 3, 0, 0, 3]
        let header = try #require(RTPHeader(packet))
        #expect(header.marker && header.payloadType == 96 && header.sequenceNumber == 0x1234)
        #expect(header.timestamp == 5 && header.ssrc == 9)
        #expect(header.headerBytes == 28 && header.payloadBytes == 3)
        #expect(header.extensionWord(id: 3, in: packet.span) == 0xABCD)
        #expect(header.extensionWord(id: 5, in: packet.span) == nil)
        #expect(header.extensionWord(id: 4, in: packet.span) == nil)
    }

    @Test("finds an extension in the two-byte form")
    func twoByteForm() throws {
        var packet = fixed
        packet[0] |= 0x10
        packet += [0x10, 0x00, 0, 2, 9, 0, 3, 2, 0xAB, 0xCD, 0, 0, 1]
        let header = try #require(RTPHeader(packet))
        #expect(header.extensionWord(id: 3, in: packet.span) == 0xABCD)
    }

    @Test("is refused when anything of it is cut off")
    func cutOff() {
        #expect(RTPHeader([]) == nil)
        #expect(RTPHeader(Array(fixed.dropLast())) == nil)
        #expect(RTPHeader([0x40] + fixed.dropFirst()) == nil)
        #expect(RTPHeader([0x81] + fixed.dropFirst()) == nil)
        #expect(RTPHeader([0x90] + fixed.dropFirst() + [0xBE, 0xDE, 0, 1]) == nil)
        #expect(RTPHeader([0xA0] + fixed.dropFirst() + [1, 2, 0]) == nil)
        #expect(RTPHeader([0xA0] + fixed.dropFirst() + [1, 2, 4]) == nil)
    }

    @Test("of random bytes harms nobody")
    func noise() {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<100_000 {
            var packet = generator.bytes(Int.random(in: 0...60, using: &generator))
            if !packet.isEmpty { packet[0] = packet[0] & 0x3F | 0x80 }
            guard let header = RTPHeader(packet) else { continue }
            #expect(header.headerBytes + header.payloadBytes <= packet.count)
            _ = header.extensionWord(id: 3, in: packet.span)
            for codec in VideoCodec.allCases { _ = codec.beginsKeyFrame(packet.span) }
        }
    }
}

@Suite("Where a decoder can begin")
struct VideoCodecTests {
    private func begins(_ codec: VideoCodec, _ payload: [UInt8]) -> Bool { codec.beginsKeyFrame(payload.span) }

    @Test("is found in VP8")
    func vp8() {
        #expect(begins(.vp8, [0x10, 0x00]))
        #expect(begins(.vp8, [0x90, 0xE0, 0x81, 0x02, 0x03, 0x20, 0x10]))
        #expect(!begins(.vp8, [0x10, 0x01]))
        #expect(!begins(.vp8, [0x00, 0x00]))
        #expect(!begins(.vp8, [0x90, 0x80, 0x80]))
    }

    @Test("is found in H.264")
    func h264() {
        #expect(begins(.h264, [0x67, 0x42]) && begins(.h264, [0x65, 0x88]))
        #expect(begins(.h264, [0x78, 0, 2, 0x67, 0x42, 0, 2, 0x68, 0xCE]))
        #expect(begins(.h264, [0x7C, 0x85]))
        #expect(!begins(.h264, [0x7C, 0x05]) && !begins(.h264, [0x61, 0x9A]))
        #expect(!begins(.h264, [0x78, 0xFF, 0xFF, 0x61]))
    }

    @Test("is found in VP9 and AV1")
    func others() {
        #expect(begins(.vp9, [0x88, 0x11]) && !begins(.vp9, [0xC8, 0x11]) && !begins(.vp9, [0x80, 0x11]))
        #expect(begins(.vp9, [0xA8, 0x11, 0x00]) && !begins(.vp9, [0xA8, 0x11, 0x02]))
        #expect(begins(.av1, [0x18, 0x0A]) && !begins(.av1, [0x10, 0x0A]))
    }
}
