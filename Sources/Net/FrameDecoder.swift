/// Frames of RFC 4571 out of a stream: two bytes of length, then a packet. Its memory is bounded by one frame and what
/// was given at once.
package struct FrameDecoder {
    package enum Failure: Error, Equatable {
        case frameTooLong(Int)
    }

    package static let maximumFrameBytes = 2_048
    private var rest: [UInt8] = []

    package init() {}

    /// Takes what the stream brought, and gives each whole frame to `body`.
    package mutating func receive(
        _ bytes: UnsafeRawBufferPointer, _ body: ([UInt8]) -> Void
    ) throws(Failure) {
        rest += bytes
        var start = 0
        while rest.count - start >= 2 {
            let length = Int(rest[start]) << 8 | Int(rest[start + 1])
            guard length <= Self.maximumFrameBytes else { throw .frameTooLong(length) }
            guard rest.count - start - 2 >= length else { break }
            body(Array(rest[start + 2..<start + 2 + length]))
            start += 2 + length
        }
        rest.removeFirst(start)
    }

    /// A packet as a frame; nil when it is longer than the length can say.
    package static func frame(_ packet: [UInt8]) -> [UInt8]? {
        guard let length = UInt16(exactly: packet.count) else { return nil }
        return [UInt8(length >> 8), UInt8(length & 0xFF)] + packet
    }
}
