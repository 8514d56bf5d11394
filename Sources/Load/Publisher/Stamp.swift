/// What the synthetic publisher writes at the end of each video payload: when it was sent, where it belongs, and a
/// sum over the rest, so that a viewer can tell delay, order and integrity by the packet alone. The clock is the
/// machine's monotonic one, the same for all processes.
struct Stamp: Equatable, Sendable {
    static let byteCount = 32
    /// In front of this a relay may write: a VP8 payload descriptor with picture numbers of its own (RFC 7741).
    static let checkedFrom = 16
    private static let magic: UInt64 = 0x5649_5452_4C4F_4144  // "VITRLOAD"

    var sentAt: Int64
    var frame: UInt32
    var packet: UInt16
    /// How many packets the frame has.
    var count: UInt16

    /// Writes it over the last bytes of a payload.
    func write(to payload: UnsafeMutableRawBufferPointer) {
        let offset = payload.count - Self.byteCount
        guard offset >= Self.checkedFrom else { return }
        let sum = Self.sum(UnsafeRawBufferPointer(rebasing: payload[Self.checkedFrom..<offset]))
        payload.storeBytes(of: Self.magic.bigEndian, toByteOffset: offset, as: UInt64.self)
        payload.storeBytes(of: sentAt.bigEndian, toByteOffset: offset + 8, as: Int64.self)
        payload.storeBytes(of: frame.bigEndian, toByteOffset: offset + 16, as: UInt32.self)
        payload.storeBytes(of: packet.bigEndian, toByteOffset: offset + 20, as: UInt16.self)
        payload.storeBytes(of: count.bigEndian, toByteOffset: offset + 22, as: UInt16.self)
        payload.storeBytes(of: sum.bigEndian, toByteOffset: offset + 24, as: UInt64.self)
    }

    /// Nil when there is none, as in other people's streams. `isWhole` says whether the sum is right.
    static func read(_ payload: UnsafeRawBufferPointer) -> (stamp: Stamp, isWhole: Bool)? {
        let offset = payload.count - byteCount
        guard offset >= checkedFrom,
            UInt64(bigEndian: payload.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) == magic
        else { return nil }
        let stamp = Stamp(
            sentAt: Int64(bigEndian: payload.loadUnaligned(fromByteOffset: offset + 8, as: Int64.self)),
            frame: UInt32(bigEndian: payload.loadUnaligned(fromByteOffset: offset + 16, as: UInt32.self)),
            packet: UInt16(bigEndian: payload.loadUnaligned(fromByteOffset: offset + 20, as: UInt16.self)),
            count: UInt16(bigEndian: payload.loadUnaligned(fromByteOffset: offset + 22, as: UInt16.self)))
        let written = UInt64(bigEndian: payload.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self))
        return (stamp, written == sum(UnsafeRawBufferPointer(rebasing: payload[checkedFrom..<offset])))
    }

    /// Eight bytes at a time; position and value both count.
    static func sum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var sum: UInt64 = 0xCBF2_9CE4_8422_2325
        var offset = 0
        while offset + 8 <= bytes.count {
            sum = (sum ^ bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) &* 0x9E37_79B9_7F4A_7C15
            sum ^= sum >> 29
            offset += 8
        }
        for byte in bytes[offset...] { sum = (sum ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return sum
    }
}
