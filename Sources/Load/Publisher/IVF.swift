/// VP8 frames in IVF: a header of 32 bytes, then each frame behind its length and time.
enum IVF {
    private static let headerBytes = 32
    private static let frameHeaderBytes = 12

    static func frames(_ bytes: [UInt8]) -> [EncodedFrame] {
        var frames: [EncodedFrame] = []
        var offset = headerBytes
        while offset + frameHeaderBytes <= bytes.count {
            let length = (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
            let start = offset + frameHeaderBytes
            guard length > 0, start + length <= bytes.count else { break }
            // RFC 6386, section 9.1: bit 0 of the frame tag is clear on a key frame.
            frames.append(EncodedFrame(bytes: Array(bytes[start..<start + length]), isKey: bytes[start] & 1 == 0))
            offset = start + length
        }
        return frames
    }
}
