private import COpenSSL
package import Wire

/// SRTCP with one peer in both directions (RFC 3711, section 3.4; RFC 7714, section 9). Control packets are rare, so
/// between them a session is only its keys, and OpenSSL's part is made anew for each.
package struct SRTCPSession {
    package enum Refusal: Error, Equatable {
        /// Cut off, longer than can be, or no RTCP.
        case malformed
        case forged
        case replayed
    }

    private struct Direction {
        let key: [UInt8]
        let salt: [UInt8]
        let authenticationKey: [UInt8]

        init(_ master: [UInt8], _ profile: SRTPKeys.Profile) throws {
            let derivation = SRTPKeyDerivation(master, profile: profile)
            let isGCM = profile == .aeadAES128GCM
            key = try derivation.key(.rtcpKey, bytes: 16)
            salt = try derivation.key(.rtcpSalt, bytes: isGCM ? GCM.saltBytes : CounterMode.saltBytes)
            authenticationKey =
                isGCM ? [] : try derivation.key(.rtcpAuthentication, bytes: HMACSHA1.keyBytes)
        }
    }

    /// The part that stays readable: version, count, type, length and SSRC.
    private static let headerBytes = 8
    private static let encryptedFlag: UInt32 = 0x8000_0000
    package static let maximumBytes = 2_048

    private let profile: SRTPKeys.Profile
    private let local: Direction
    private let remote: Direction
    private var nextIndex: UInt32 = 1
    private var window = ReplayWindow()

    package init(_ keys: SRTPKeys) throws {
        profile = keys.profile
        local = try Direction(keys.local, keys.profile)
        remote = try Direction(keys.remote, keys.profile)
    }

    /// Encrypts and signs a compound. Nil for what is no RTCP, or when OpenSSL fails.
    package mutating func seal(_ packet: [UInt8]) -> [UInt8]? {
        guard packet.count >= Self.headerBytes, packet.count <= Self.maximumBytes else { return nil }
        let word = Self.encryptedFlag | nextIndex
        // RFC 3711, section 3.4: 31 bits, modulo.
        nextIndex = (nextIndex + 1) & ~Self.encryptedFlag
        let header = Array(packet[..<Self.headerBytes])
        let body = Array(packet[Self.headerBytes...])
        switch profile {
        case .aeadAES128GCM:
            guard
                let sealed = GCMMessage(key: local.key, vector: vector(local, header, word))
                    .seal(body, additional: header + Self.bytes(word))
            else { return nil }
            return header + sealed + Self.bytes(word)
        case .aes128CMSHA1_80:
            guard let hidden = CounterModeMessage.apply(local.key, vector(local, header, word), body),
                let tag = tag(local, header + hidden, word)
            else { return nil }
            return header + hidden + Self.bytes(word) + tag
        }
    }

    /// Checks and decrypts a compound of the peer.
    package mutating func open(_ packet: [UInt8]) throws(Refusal) -> [UInt8] {
        let tagBytes = profile == .aeadAES128GCM ? GCM.tagBytes : CounterMode.tagBytes
        guard packet.count >= Self.headerBytes + 4 + tagBytes, packet.count <= Self.maximumBytes, packet[0] >> 6 == 2
        else { throw .malformed }
        let header = Array(packet[..<Self.headerBytes])
        let wordStart = profile == .aeadAES128GCM ? packet.count - 4 : packet.count - tagBytes - 4
        let word = packet.span.word32(at: wordStart)
        let index = word & ~Self.encryptedFlag
        // Nobody speaks unencrypted SRTCP with us.
        guard word & Self.encryptedFlag != 0 else { throw .malformed }
        guard window.allows(index) else { throw .replayed }
        let body: [UInt8]?
        switch profile {
        case .aeadAES128GCM:
            body = GCMMessage(key: remote.key, vector: vector(remote, header, word))
                .open(Array(packet[Self.headerBytes..<wordStart]), additional: header + Self.bytes(word))
        case .aes128CMSHA1_80:
            guard let expected = tag(remote, Array(packet[..<wordStart]), word),
                CRYPTO_memcmp(expected, Array(packet[(wordStart + 4)...]), tagBytes) == 0
            else { throw .forged }
            body = CounterModeMessage.apply(
                remote.key, vector(remote, header, word), Array(packet[Self.headerBytes..<wordStart]))
        }
        guard let body else { throw .forged }
        window.accept(index)
        return header + body
    }

    /// RFC 7714, section 9.1: 00 00 | SSRC | 00 00 | index; RFC 3711, section 4.1.1: SSRC from byte 4, index from byte
    /// 10 on. Both are added to the salt.
    private func vector(_ direction: Direction, _ header: [UInt8], _ word: UInt32) -> [UInt8] {
        let index = Self.bytes(word & ~Self.encryptedFlag)
        let isGCM = profile == .aeadAES128GCM
        var vector = direction.salt + [UInt8](repeating: 0, count: isGCM ? 0 : 2)
        for position in 0..<4 {
            vector[(isGCM ? 2 : 4) + position] ^= header[4 + position]
            vector[(isGCM ? 8 : 10) + position] ^= index[position]
        }
        return vector
    }

    private func tag(_ direction: Direction, _ message: [UInt8], _ word: UInt32) -> [UInt8]? {
        guard let authentication = try? HMACSHA1(key: direction.authenticationKey) else { return nil }
        var tag = [UInt8](repeating: 0, count: CounterMode.tagBytes)
        let isSigned = message.withUnsafeBytes { message in
            tag.withUnsafeMutableBytes { target in
                guard let base = target.baseAddress else { return false }
                return authentication.sign(message, word, into: base, bytes: CounterMode.tagBytes)
            }
        }
        return isSigned ? tag : nil
    }

    private static func bytes(_ word: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) }
    }
}

/// Which indices have been seen (RFC 3711, section 3.3.2): the last 128.
struct ReplayWindow {
    private static let size: UInt32 = 128

    private var newest: UInt32?
    private var seen: (UInt64, UInt64) = (0, 0)

    func allows(_ index: UInt32) -> Bool {
        guard let newest, index <= newest else { return true }
        let age = newest - index
        guard age < Self.size else { return false }
        return (age < 64 ? seen.0 >> UInt64(age) : seen.1 >> UInt64(age - 64)) & 1 == 0
    }

    mutating func accept(_ index: UInt32) {
        guard let newest else {
            self.newest = index
            seen.0 = 1
            return
        }
        guard index > newest else {
            let age = newest - index
            if age < 64 { seen.0 |= 1 << UInt64(age) } else if age < 128 { seen.1 |= 1 << UInt64(age - 64) }
            return
        }
        let step = UInt64(index - newest)
        self.newest = index
        if step >= 128 {
            seen = (1, 0)
        } else if step >= 64 {
            seen = (1, seen.0 << (step - 64))
        } else {
            seen = (seen.0 << step | 1, seen.1 << step | seen.0 >> (64 - step))
        }
    }
}

/// One message in AES-128-GCM.
private struct GCMMessage {
    let key: [UInt8]
    let vector: [UInt8]

    /// The ciphertext with its tag.
    func seal(_ plain: [UInt8], additional: [UInt8]) -> [UInt8]? {
        guard let context = EVP_CIPHER_CTX_new() else { return nil }
        defer { EVP_CIPHER_CTX_free(context) }
        var length: Int32 = 0
        var result = [UInt8](repeating: 0, count: plain.count)
        var tag = [UInt8](repeating: 0, count: GCM.tagBytes)
        guard EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), nil, key, vector) == 1,
            EVP_EncryptUpdate(context, nil, &length, additional, Int32(additional.count)) == 1,
            plain.isEmpty || EVP_EncryptUpdate(context, &result, &length, plain, Int32(plain.count)) == 1,
            EVP_EncryptFinal_ex(context, &tag, &length) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tag.count), &tag) == 1
        else { return nil }
        return result + tag
    }

    /// The plain text; nil when the tag is wrong.
    func open(_ sealed: [UInt8], additional: [UInt8]) -> [UInt8]? {
        guard sealed.count >= GCM.tagBytes, let context = EVP_CIPHER_CTX_new() else { return nil }
        defer { EVP_CIPHER_CTX_free(context) }
        let hidden = Array(sealed.dropLast(GCM.tagBytes))
        var tag = Array(sealed.suffix(GCM.tagBytes))
        var length: Int32 = 0
        var result = [UInt8](repeating: 0, count: hidden.count)
        var rest = [UInt8](repeating: 0, count: GCM.tagBytes)
        guard EVP_DecryptInit_ex(context, EVP_aes_128_gcm(), nil, key, vector) == 1,
            EVP_DecryptUpdate(context, nil, &length, additional, Int32(additional.count)) == 1,
            hidden.isEmpty || EVP_DecryptUpdate(context, &result, &length, hidden, Int32(hidden.count)) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), &tag) == 1,
            EVP_DecryptFinal_ex(context, &rest, &length) == 1
        else { return nil }
        return result
    }
}

/// One message in AES-128 counter mode, either way.
private enum CounterModeMessage {
    static func apply(_ key: [UInt8], _ vector: [UInt8], _ message: [UInt8]) -> [UInt8]? {
        guard let context = EVP_CIPHER_CTX_new() else { return nil }
        defer { EVP_CIPHER_CTX_free(context) }
        var length: Int32 = 0
        var result = [UInt8](repeating: 0, count: message.count)
        guard EVP_EncryptInit_ex(context, EVP_aes_128_ctr(), nil, key, vector) == 1,
            message.isEmpty || EVP_EncryptUpdate(context, &result, &length, message, Int32(message.count)) == 1
        else { return nil }
        return result
    }
}
