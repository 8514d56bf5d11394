/// RFC 7741: a frame cut into payloads, each behind a descriptor with the picture's number.
enum VP8Packetizer {
    static let maximumPayloadBytes = 1_150
    private static let descriptorBytes = 4

    static func payloads(_ frame: [UInt8], pictureNumber: UInt16) -> [[UInt8]] {
        let room = maximumPayloadBytes - descriptorBytes
        return stride(from: 0, to: frame.count, by: room).map { start in
            let head: [UInt8] = [
                start == 0 ? 0x90 : 0x80, 0x80, 0x80 | UInt8(pictureNumber >> 8), UInt8(pictureNumber & 0xFF),
            ]
            return head + frame[start..<min(frame.count, start + room)]
        }
    }
}
