/// What the synthetic publisher writes into the padding at the end of each Opus packet.
struct AudioStamp: Equatable, Sendable {
    static let byteCount = 24
    /// With the two bytes by which Opus says that there is padding, and a rest.
    static let paddingBytes = byteCount + 4
    private static let magic: UInt64 = 0x5649_5452_544F_4E45  // "VITRTONE"

    var sentAt: Int64
    var number: UInt64

    func write(to payload: UnsafeMutableRawBufferPointer) {
        let offset = payload.count - Self.byteCount
        guard offset >= 0 else { return }
        payload.storeBytes(of: Self.magic.bigEndian, toByteOffset: offset, as: UInt64.self)
        payload.storeBytes(of: sentAt.bigEndian, toByteOffset: offset + 8, as: Int64.self)
        payload.storeBytes(of: number.bigEndian, toByteOffset: offset + 16, as: UInt64.self)
    }

    static func read(_ payload: UnsafeRawBufferPointer) -> AudioStamp? {
        let offset = payload.count - byteCount
        guard offset >= 0, UInt64(bigEndian: payload.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) == magic
        else { return nil }
        return AudioStamp(
            sentAt: Int64(bigEndian: payload.loadUnaligned(fromByteOffset: offset + 8, as: Int64.self)),
            number: UInt64(bigEndian: payload.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self)))
    }
}
