import Testing

@testable import Wire

@Suite("RTP and RTCP")
struct RTPTests {
    @Test("a header is read as RFC 3550 has it")
    func header() {
        let bytes: [UInt8] = [0x80, 0xE0, 0x12, 0x34, 0, 1, 0, 2, 0xDE, 0xAD, 0xBE, 0xEF, 9]
        let header = RTPHeader(bytes)
        #expect(header?.marker == true && header?.payloadType == 96 && header?.sequenceNumber == 0x1234)
        #expect(header?.timestamp == 0x0001_0002 && header?.ssrc == 0xDEAD_BEEF)
        #expect(RTPHeader(bytes.dropLast(2)) == nil)
        #expect(RTPHeader([0x40] + bytes.dropFirst()) == nil)
    }

    @Test("a compound is read packet by packet, and what the relay writes is read as what it means")
    func compound() {
        let bytes =
            RTCPPacket.emptyReceiverReport(sender: 1) + RTCPPacket.nack(sender: 1, media: 2, lost: [5, 65_535])
            + RTCPPacket.pictureLossIndication(sender: 1, media: 2)
        #expect(
            RTCPPacket.parse(bytes)
                == [.other(type: 201), .nack(mediaSSRC: 2, lost: [5, 65_535]), .keyFrameRequest])
        let mask: [UInt8] = [0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 10, 0b1000_0000, 0b0000_0101]
        #expect(RTCPPacket.parse(mask) == [.nack(mediaSSRC: 2, lost: [10, 11, 13, 26])])
    }

    @Test("no bytes can make it trap")
    func garbage() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<50_000 {
            var bytes = (0..<Int.random(in: 0...80)).map { _ in UInt8.random(in: 0...255, using: &generator) }
            if Bool.random(), !bytes.isEmpty { bytes[0] = bytes[0] & 0x3F | 0x80 }
            if bytes.count > 1, Bool.random() { bytes[1] = UInt8.random(in: 200...206) }
            _ = RTCPPacket.parse(bytes)
            _ = RTPHeader(bytes)
            _ = try? SessionDescription(parsing: String(decoding: bytes, as: UTF8.self))
        }
        #expect(RTCPPacket.parse([0x80, 205, 0xFF, 0xFF, 0, 0, 0, 0]).isEmpty)
        #expect(RTCPPacket.parse([0x81, 205, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2]) == [.nack(mediaSSRC: 2, lost: [])])
    }

    @Test("an SDP is refused at the first line that is none")
    func sdp() {
        #expect(throws: SessionDescription.Failure.malformed(line: 1)) { try SessionDescription(parsing: "hello") }
        #expect(throws: SessionDescription.Failure.malformed(line: 2)) {
            try SessionDescription(parsing: "v=0\nm=video x UDP 96")
        }
        #expect(throws: SessionDescription.Failure.tooLarge) {
            try SessionDescription(parsing: "v=0\n" + String(repeating: "a=x\n", count: 20_000))
        }
    }
}
