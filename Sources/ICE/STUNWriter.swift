/// Makes a STUN message (RFC 8489, sections 5 and 14).
struct STUNWriter {
    private(set) var bytes: [UInt8]

    init(_ kind: UInt16, transaction: [UInt8]) {
        bytes = Self.big(kind) + [0, 0] + STUNMessage.cookie + transaction
    }

    mutating func append(_ type: UInt16, _ value: [UInt8]) {
        bytes += Self.big(type) + Self.big(UInt16(value.count)) + value
        bytes += [UInt8](repeating: 0, count: (4 - value.count % 4) % 4)
        STUNMessage.setLength(of: &bytes, bytes.count - STUNMessage.headerBytes)
    }

    mutating func sign(with key: [UInt8]) {
        append(STUNMessage.Attribute.messageIntegrity, STUNMessage.digest(of: bytes[...], key))
    }

    /// Section 14.7: a CRC-32 over the message, whose length counts it already.
    mutating func appendFingerprint() {
        STUNMessage.setLength(of: &bytes, bytes.count - STUNMessage.headerBytes + 8)
        let crc = bytes.reduce(UInt32.max) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
        let value = ~crc ^ 0x5354_554E
        append(STUNMessage.Attribute.fingerprint, Self.big(UInt16(value >> 16)) + Self.big(UInt16(value & 0xFFFF)))
    }

    private static func big(_ word: UInt16) -> [UInt8] { [UInt8(word >> 8), UInt8(word & 0xFF)] }
}
