private import COpenSSL
import Wire

/// The keys of one direction's session (RFC 3711, section 4.3; for GCM RFC 7714, section 11), from its master key.
struct SRTPKeyDerivation {
    /// RFC 3711, section 4.3.2.
    enum Label: UInt8 {
        case rtpKey = 0, rtpAuthentication, rtpSalt, rtcpKey, rtcpAuthentication, rtcpSalt
    }

    private let masterKey: [UInt8]
    /// 14 bytes; a shorter salt is filled up with zeros (RFC 7714, section 11).
    private let masterSalt: [UInt8]

    /// `master`: key, then salt.
    init(_ master: [UInt8], profile: SRTPKeys.Profile) {
        masterKey = Array(master.prefix(profile.keyBytes))
        let salt = Array(master.dropFirst(profile.keyBytes))
        masterSalt = salt + [UInt8](repeating: 0, count: max(0, 14 - salt.count))
    }

    /// AES-CM over zeros, with the label in the salt and no derivation rate (RFC 3711, sections 4.3.1 and 4.3.3).
    func key(_ label: Label, bytes: Int) throws -> [UInt8] {
        var counter = masterSalt + [0, 0]
        counter[7] ^= label.rawValue
        guard let context = EVP_CIPHER_CTX_new() else { throw SRTPFailure.openSSL }
        defer { EVP_CIPHER_CTX_free(context) }
        var result = [UInt8](repeating: 0, count: bytes)
        var length: Int32 = 0
        guard EVP_EncryptInit_ex(context, EVP_aes_128_ctr(), nil, masterKey, counter) == 1,
            EVP_EncryptUpdate(context, &result, &length, [UInt8](repeating: 0, count: bytes), Int32(bytes)) == 1,
            Int(length) == bytes
        else { throw SRTPFailure.openSSL }
        return result
    }
}

/// Why a session can't be had.
package enum SRTPFailure: Error, Equatable {
    case openSSL
    case libsrtp(status: UInt32)
}
