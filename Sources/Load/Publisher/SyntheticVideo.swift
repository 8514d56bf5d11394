import Wire

/// Thirty frames a second of nine packets each, all of the same length, in one burst: the load that figures are taken
/// with. To a relay it is VP8 (RFC 7741) in three temporal layers as browsers send it: descriptors with picture numbers
/// and layers, and key frames marked as a decoder would see them. There is no picture in it.
final class SyntheticVideo: VideoSource {
    static let packetsPerFrame = 9
    /// With a header of 12 bytes a packet of 1,162.
    static let payloadBytes = 1_150
    static let ticks: UInt32 = 3_000
    /// So that a decoder that lost its place finds it again.
    private static let keyFrameEvery: UInt32 = 300
    private static let (width, height): (UInt16, UInt16) = (1_280, 720)

    let codec = OfferedCodec.vp8
    let frameNanoseconds: Int64 = 1_000_000_000 / 30
    let frameTicks = SyntheticVideo.ticks
    private let filler: [UInt8]
    private var frame: UInt32 = 0
    /// Its place in the pattern of layers, which begins with each key frame.
    private var step = 0
    private var baseFrames: UInt8 = 0
    /// The layer of each frame of the pattern, and whether who had only those below can go on with it.
    private static let pattern: [(layer: UInt8, isSync: Bool)] = [(0, false), (2, true), (1, true), (2, false)]

    init(using generator: inout some RandomNumberGenerator) {
        filler = (0..<2 * Self.payloadBytes).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    /// Where in its source's numbers a packet stands, but for what they begin with.
    static func place(frame: UInt32, packet: UInt16) -> (sequence: UInt16, timestamp: UInt32) {
        let sequence = frame &* UInt32(packetsPerFrame) &+ UInt32(packet)
        return (UInt16(truncatingIfNeeded: sequence), frame &* ticks)
    }

    func next(wantsKeyFrame: Bool) -> [[UInt8]] {
        let isKey = wantsKeyFrame || frame % Self.keyFrameEvery == 0
        if isKey { step = 0 }
        let (layer, isSync) = Self.pattern[step % Self.pattern.count]
        if layer == 0 { baseFrames &+= 1 }
        defer {
            frame &+= 1
            step += 1
        }
        return (0..<Self.packetsPerFrame).map { packet in
            let start = (Int(frame) * 7 + packet * 131) % Self.payloadBytes
            var payload = Array(filler[start..<start + Self.payloadBytes])
            let head = descriptor(isFirst: packet == 0, layer, isSync) + (packet == 0 ? frameHeader(isKey: isKey) : [])
            payload.replaceSubrange(0..<head.count, with: head)
            return payload
        }
    }

    /// RFC 7741, section 4.2: X, with I and a picture number of 15 bits, L, T; S on the first packet.
    private func descriptor(isFirst: Bool, _ layer: UInt8, _ isSync: Bool) -> [UInt8] {
        [
            isFirst ? 0x90 : 0x80, 0xE0, 0x80 | UInt8(truncatingIfNeeded: frame >> 8),
            UInt8(truncatingIfNeeded: frame), baseFrames, layer << 6 | (isSync ? 0x20 : 0),
        ]
    }

    /// RFC 6386, section 9.1: the frame tag; a key frame's start code and size.
    private func frameHeader(isKey: Bool) -> [UInt8] {
        let size = UInt32(Self.payloadBytes)
        let tag = size << 5 | 1 << 4 | (isKey ? 0 : 1)
        let bytes = [0, 8, 16].map { UInt8(truncatingIfNeeded: tag >> $0) }
        guard isKey else { return bytes }
        let sides = [Self.width, Self.height].flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        return bytes + [0x9D, 0x01, 0x2A] + sides
    }

    func willSend(_ payload: UnsafeMutableRawBufferPointer, packet: Int, of count: Int, at now: MonotonicTime) {
        // `next` has counted on.
        Stamp(sentAt: now.nanoseconds, frame: frame &- 1, packet: UInt16(packet), count: UInt16(count))
            .write(to: payload)
    }
}
