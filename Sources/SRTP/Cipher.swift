private import COpenSSL
import Wire

/// The seam behind which a packet is really encrypted: each case is one way to do it.
enum Cipher: ~Copyable {
    /// One packet: its header is at `base`, the rest is to be written behind it.
    struct Packet {
        let base: UnsafeMutableRawPointer
        let headerBytes: Int
        /// Two bytes in front of the payload: a retransmission's original sequence number (RFC 4588, section 4).
        let prefix: UInt16?
        let payload: UnsafeRawBufferPointer
        let rolloverCounter: UInt32

        var bodyBytes: Int { (prefix == nil ? 0 : 2) + payload.count }
        var body: UnsafeMutablePointer<UInt8> { (base + headerBytes).assumingMemoryBound(to: UInt8.self) }
    }

    case gcm(GCM)
    case counterMode(CounterMode)

    init(_ keys: SRTPKeys) throws {
        let derivation = SRTPKeyDerivation(keys.local, profile: keys.profile)
        switch keys.profile {
        case .aeadAES128GCM: self = .gcm(try GCM(derivation))
        case .aes128CMSHA1_80: self = .counterMode(try CounterMode(derivation))
        }
    }

    var tagBytes: Int {
        switch self {
        case .gcm: GCM.tagBytes
        case .counterMode: CounterMode.tagBytes
        }
    }

    func seal(_ packet: Packet) -> Bool {
        switch self {
        case .gcm(let gcm): gcm.seal(packet)
        case .counterMode(let counterMode): counterMode.seal(packet)
        }
    }
}

extension Cipher.Packet {
    /// Encrypts prefix and payload with a context that has its key and IV.
    fileprivate func encrypt(_ context: OpaquePointer) -> Bool {
        var length: Int32 = 0
        var target = body
        if let prefix {
            let bytes = (UInt8(prefix >> 8), UInt8(truncatingIfNeeded: prefix))
            let isDone = withUnsafeBytes(of: bytes) { pointer in
                EVP_EncryptUpdate(
                    context, target, &length, pointer.baseAddress?.assumingMemoryBound(to: UInt8.self), 2) == 1
            }
            guard isDone else { return false }
            target += 2
        }
        guard payload.count > 0 else { return true }
        return EVP_EncryptUpdate(
            context, target, &length, payload.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(payload.count))
            == 1
    }
}

/// AES-128 in Galois counter mode by OpenSSL (RFC 7714, section 8).
struct GCM: ~Copyable {
    static let tagBytes = 16
    static let saltBytes = 12

    private let context: OpaquePointer
    /// The salt as the IV has it: two bytes of zero, SSRC, rollover counter and sequence number are added to it.
    private let salt: (UInt32, UInt32, UInt32)

    init(_ derivation: borrowing SRTPKeyDerivation) throws {
        try self.init(
            key: derivation.key(.rtpKey, bytes: 16), salt: derivation.key(.rtpSalt, bytes: Self.saltBytes))
    }

    /// `key` has 16 bytes, `salt` 12.
    init(key: [UInt8], salt: [UInt8]) throws {
        guard key.count == 16, salt.count == Self.saltBytes, let context = EVP_CIPHER_CTX_new() else {
            throw SRTPFailure.openSSL
        }
        guard EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), nil, key, nil) == 1 else {
            EVP_CIPHER_CTX_free(context)
            throw SRTPFailure.openSSL
        }
        self.context = context
        self.salt = salt.withUnsafeBytes { bytes in
            (
                bytes.loadUnaligned(as: UInt32.self), bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self),
                bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
            )
        }
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    /// RFC 7714, section 8.1, in the byte order of memory: 00 00 | SSRC | ROC | SEQ, added to the salt.
    private func initializationVector(_ packet: Cipher.Packet) -> (UInt32, UInt32, UInt32) {
        let sequence = packet.base.loadUnaligned(fromByteOffset: 2, as: UInt16.self)
        let ssrc = packet.base.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
        let rollover = packet.rolloverCounter.bigEndian
        return (
            salt.0 ^ (ssrc & 0xFFFF) << 16, salt.1 ^ (ssrc >> 16 | (rollover & 0xFFFF) << 16),
            salt.2 ^ (rollover >> 16 | UInt32(sequence) << 16)
        )
    }

    func seal(_ packet: Cipher.Packet) -> Bool {
        var length: Int32 = 0
        var vector = initializationVector(packet)
        let header = packet.base.assumingMemoryBound(to: UInt8.self)
        let isStarted = withUnsafeBytes(of: &vector) { bytes in
            EVP_EncryptInit_ex(context, nil, nil, nil, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)) == 1
        }
        return isStarted && EVP_EncryptUpdate(context, nil, &length, header, Int32(packet.headerBytes)) == 1
            && packet.encrypt(context) && EVP_EncryptFinal_ex(context, header, &length) == 1
            && EVP_CIPHER_CTX_ctrl(
                context, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagBytes), packet.body + packet.bodyBytes) == 1
    }
}

/// AES-128 in counter mode with HMAC-SHA1, cut to 80 bits, by OpenSSL (RFC 3711, sections 4.1.1 and 4.2.1).
struct CounterMode: ~Copyable {
    static let tagBytes = 10
    static let saltBytes = 14

    private let context: OpaquePointer
    private let authentication: HMACSHA1
    private let salt: [UInt8]

    init(_ derivation: borrowing SRTPKeyDerivation) throws {
        let key = try derivation.key(.rtpKey, bytes: 16)
        let salt = try derivation.key(.rtpSalt, bytes: Self.saltBytes)
        let authentication = try HMACSHA1(key: derivation.key(.rtpAuthentication, bytes: HMACSHA1.keyBytes))
        guard let context = EVP_CIPHER_CTX_new() else { throw SRTPFailure.openSSL }
        guard EVP_EncryptInit_ex(context, EVP_aes_128_ctr(), nil, key, nil) == 1 else {
            EVP_CIPHER_CTX_free(context)
            throw SRTPFailure.openSSL
        }
        self.salt = salt
        self.authentication = authentication
        self.context = context
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    func seal(_ packet: Cipher.Packet) -> Bool {
        // RFC 3711, section 4.1.1: the salt, the SSRC from byte 4 on, the index from byte 8 on.
        let isStarted = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16) { vector in
            for position in 0..<16 { vector[position] = position < Self.saltBytes ? salt[position] : 0 }
            for position in 0..<4 {
                vector[4 + position] ^= packet.base.load(fromByteOffset: 8 + position, as: UInt8.self)
                vector[8 + position] ^= UInt8(truncatingIfNeeded: packet.rolloverCounter >> UInt32(24 - 8 * position))
            }
            for position in 0..<2 {
                vector[12 + position] ^= packet.base.load(fromByteOffset: 2 + position, as: UInt8.self)
            }
            return EVP_EncryptInit_ex(context, nil, nil, nil, vector.baseAddress) == 1
        }
        guard isStarted, packet.encrypt(context) else { return false }
        let signed = UnsafeRawBufferPointer(start: packet.base, count: packet.headerBytes + packet.bodyBytes)
        return authentication.sign(
            signed, packet.rolloverCounter, into: UnsafeMutableRawPointer(packet.body + packet.bodyBytes),
            bytes: Self.tagBytes)
    }
}
