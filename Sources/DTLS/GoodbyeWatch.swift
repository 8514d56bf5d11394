private import COpenSSL

/// Hears a peer's `close_notify`, or its fatal alert, after OpenSSL's part of the connection is gone (RFC 5246, section
/// 7.2.1): all that is kept is the key that the peer's records are sealed with.
package struct GoodbyeWatch: Sendable, Equatable {
    private enum Cipher: Int32 {
        case aes128GCM = 895
        case aes256GCM = 901
        case chaCha20Poly1305 = 1_018

        var keyBytes: Int { self == .aes128GCM ? 16 : 32 }
        /// Of a nonce, what comes from the handshake (RFC 5288, section 3; RFC 7905, section 2), and what the record says.
        var fixedBytes: Int { self == .chaCha20Poly1305 ? 12 : 4 }
        var explicitBytes: Int { self == .chaCha20Poly1305 ? 0 : 8 }

        var implementation: OpaquePointer? {
            switch self {
            case .aes128GCM: EVP_aes_128_gcm()
            case .aes256GCM: EVP_aes_256_gcm()
            case .chaCha20Poly1305: EVP_chacha20_poly1305()
            }
        }
    }

    private static let recordHeaderBytes = 13
    private static let alertBytes = 2
    private static let tagBytes = 16
    private static let alertType: UInt8 = 21
    private static let fatal: UInt8 = 2
    private static let closeNotify: UInt8 = 0

    private let cipher: Cipher
    private let key: [UInt8]
    private let fixed: [UInt8]

    /// Of a finished handshake; nil when its cipher is of another kind.
    init?(_ ssl: OpaquePointer, ourRole: DTLSTransport.Role) {
        guard let cipher = Cipher(rawValue: SSL_CIPHER_get_cipher_nid(SSL_get_current_cipher(ssl))) else { return nil }
        // RFC 5246, section 6.3: the client's key, the server's, and what their nonces begin with.
        let (keyBytes, fixedBytes) = (cipher.keyBytes, cipher.fixedBytes)
        var block = [UInt8](repeating: 0, count: 2 * (keyBytes + fixedBytes))
        guard vitrine_tls12_key_block(ssl, &block, block.count) == 1 else { return nil }
        let peer = ourRole == .server ? 0 : 1
        self.cipher = cipher
        key = Array(block.dropFirst(peer * keyBytes).prefix(keyBytes))
        fixed = Array(block.dropFirst(2 * keyBytes + peer * fixedBytes).prefix(fixedBytes))
    }

    /// Whether the peer says in this datagram that it leaves.
    package func hears(_ datagram: [UInt8]) -> Bool {
        var rest = datagram[...]
        while rest.count > Self.recordHeaderBytes {
            let length = Int(rest[rest.startIndex + 11]) << 8 | Int(rest[rest.startIndex + 12])
            let record = rest.prefix(Self.recordHeaderBytes + length)
            guard record.count == Self.recordHeaderBytes + length else { return false }
            if isGoodbye(Array(record)) { return true }
            rest = rest.dropFirst(record.count)
        }
        return false
    }

    private func isGoodbye(_ record: [UInt8]) -> Bool {
        let sealedAt = Self.recordHeaderBytes + cipher.explicitBytes
        guard record.count == sealedAt + Self.alertBytes + Self.tagBytes, record[0] == Self.alertType,
            record[3] == 0, record[4] == 1, let alert = open(record, sealedAt)
        else { return false }
        return alert[0] == Self.fatal || alert[1] == Self.closeNotify
    }

    private func open(_ record: [UInt8], _ sealedAt: Int) -> [UInt8]? {
        let number = record[3..<11]
        let nonce =
            cipher == .chaCha20Poly1305
            ? zip(fixed, [0, 0, 0, 0] + number).map { $0 ^ $1 }
            : fixed + record[Self.recordHeaderBytes..<sealedAt]
        let associated = number + record[0..<3] + [0, UInt8(Self.alertBytes)]
        var tag = Array(record.suffix(Self.tagBytes))
        var alert = [UInt8](repeating: 0, count: Self.alertBytes)
        var count: Int32 = 0
        guard let context = EVP_CIPHER_CTX_new() else { return nil }
        defer { EVP_CIPHER_CTX_free(context) }
        let sealed = Array(record[sealedAt..<sealedAt + Self.alertBytes])
        guard EVP_DecryptInit_ex(context, cipher.implementation, nil, key, nonce) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), &tag) == 1,
            EVP_DecryptUpdate(context, nil, &count, Array(associated), Int32(associated.count)) == 1,
            EVP_DecryptUpdate(context, &alert, &count, sealed, Int32(sealed.count)) == 1,
            EVP_DecryptFinal_ex(context, nil, &count) == 1
        else { return nil }
        return alert
    }
}
