private import COpenSSL

/// The frame of a STUN message and its attributes in order, with every length checked (RFC 8489, section 5 and 14).
struct STUNMessage {
    enum Kind {
        static let request: UInt16 = 0x0001
        static let success: UInt16 = 0x0101
    }

    enum Attribute {
        static let username: UInt16 = 0x0006
        static let messageIntegrity: UInt16 = 0x0008
        static let priority: UInt16 = 0x0024
        static let fingerprint: UInt16 = 0x8028
        static let iceControlled: UInt16 = 0x8029
        /// Those that have to be understood and are: RFC 8489's but for the choice of other hashes, and RFC 8445's.
        static let known: Set<UInt16> = [
            0x0001, username, messageIntegrity, 0x0009, 0x000A, 0x0014, 0x0015, 0x0020, priority, 0x0025,
        ]
    }

    static let cookie: [UInt8] = [0x21, 0x12, 0xA4, 0x42]
    static let headerBytes = 20
    private static let digestBytes = 20

    /// Class and method.
    let kind: UInt16
    let transaction: [UInt8]
    private let bytes: [UInt8]
    private let attributes: [(type: UInt16, value: Range<Int>)]

    /// Nil unless it is one whole message.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= Self.headerBytes, bytes[0] < 64, bytes.count % 4 == 0,
            Self.word(bytes, 2) == bytes.count - Self.headerBytes, bytes[4..<8].elementsEqual(Self.cookie)
        else { return nil }
        var found: [(UInt16, Range<Int>)] = []
        var offset = Self.headerBytes
        while offset < bytes.count {  // both are multiples of four, so a header fits
            let value = offset + 4..<offset + 4 + Self.word(bytes, offset + 2)
            guard value.upperBound <= bytes.count else { return nil }
            found.append((UInt16(Self.word(bytes, offset)), value))
            offset = (value.upperBound + 3) & ~3
        }
        kind = UInt16(Self.word(bytes, 0))
        transaction = Array(bytes[8..<20])
        attributes = found
        self.bytes = bytes
    }

    /// Whoever doesn't understand these must not answer as if he did. What stands behind the signature, which doesn't
    /// cover it, doesn't count (section 14.5).
    var unknownRequired: [UInt16] {
        var unknown: [UInt16] = []
        for attribute in attributes {
            if attribute.type == Attribute.messageIntegrity { break }
            let isKnown = attribute.type >= 0x8000 || Attribute.known.contains(attribute.type)
            if !isKnown, !unknown.contains(attribute.type) { unknown.append(attribute.type) }
        }
        return unknown
    }

    func value(of type: UInt16) -> ArraySlice<UInt8>? {
        attributes.first { $0.type == type }.map { bytes[$0.value] }
    }

    /// Whether the holder of this key has made all of it up to the signature.
    func isSigned(with key: [UInt8]) -> Bool {
        guard let signature = attributes.first(where: { $0.type == Attribute.messageIntegrity })?.value,
            signature.count == Self.digestBytes
        else { return false }
        let digest = Self.digest(of: bytes[..<(signature.lowerBound - 4)], key)
        return digest.count == Self.digestBytes && CRYPTO_memcmp(digest, Array(bytes[signature]), digest.count) == 0
    }

    /// HMAC-SHA1 over a message as long as if it ended with its signature; empty when memory is out.
    static func digest(of message: ArraySlice<UInt8>, _ key: [UInt8]) -> [UInt8] {
        var message = Array(message)
        setLength(of: &message, message.count - headerBytes + 4 + digestBytes)
        var digest = [UInt8](repeating: 0, count: digestBytes)
        guard HMAC(EVP_sha1(), key, Int32(key.count), message, message.count, &digest, nil) != nil else { return [] }
        return digest
    }

    static func setLength(of message: inout [UInt8], _ length: Int) {
        message[2] = UInt8(truncatingIfNeeded: length >> 8)
        message[3] = UInt8(truncatingIfNeeded: length)
    }

    private static func word(_ bytes: [UInt8], _ offset: Int) -> Int {
        Int(bytes[offset]) << 8 | Int(bytes[offset + 1])
    }
}
