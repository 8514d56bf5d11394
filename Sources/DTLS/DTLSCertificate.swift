private import COpenSSL
package import Wire

/// The certificate with which this server meets its media peers: self-signed ECDSA P-256, made at start. Peers know it
/// by the fingerprint in the SDP (RFC 8122), so nobody has to vouch for it.
package final class DTLSCertificate: @unchecked Sendable {  // made once, and only read afterwards
    private let storage: OpaquePointer
    /// By SHA-256.
    package let fingerprint: Fingerprint

    package enum Failure: Error {
        case openSSL(String)
    }

    /// AES-GCM first: it costs a packet less than half of what AES-CM with HMAC-SHA1 does.
    private static let profiles = "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80"
    private static let lifetimeSeconds = 400 * 24 * 3_600

    package init() throws {
        guard let context = SSL_CTX_new(DTLS_method()), let key = vitrine_ec_p256_key(), let certificate = X509_new()
        else { throw Failure.openSSL("out of memory") }
        defer {
            EVP_PKEY_free(key)
            X509_free(certificate)
        }
        X509_set_version(certificate, 2)
        ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), .random(in: 1...UInt64.max >> 1))
        X509_gmtime_adj(X509_getm_notBefore(certificate), -3_600)
        X509_gmtime_adj(X509_getm_notAfter(certificate), Self.lifetimeSeconds)
        let name = X509_get_subject_name(certificate)
        let isSigned =
            X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, "vitrine", -1, -1, 0) == 1
            && X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1
            && X509_sign(certificate, key, EVP_sha256()) > 0
        let isReady =
            isSigned && SSL_CTX_use_certificate(context, certificate) == 1
            && SSL_CTX_use_PrivateKey(context, key) == 1
            && SSL_CTX_set_tlsext_use_srtp(context, Self.profiles) == 0
        guard isReady, let fingerprint = Self.fingerprint(of: certificate, by: .sha256) else {
            SSL_CTX_free(context)
            throw Failure.openSSL("the certificate can't be made")
        }
        // The peer must show one, but only the fingerprint in its SDP says whether it is the right one.
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT) { _, _ in 1 }
        storage = context
        self.fingerprint = fingerprint
    }

    deinit { SSL_CTX_free(storage) }

    /// An `SSL` that shows this certificate; nil when memory is out.
    func makeSSL() -> OpaquePointer? { SSL_new(storage) }

    static func fingerprint(of certificate: OpaquePointer, by hash: Fingerprint.Hash) -> Fingerprint? {
        let function =
            switch hash {
            case .sha256: EVP_sha256()
            case .sha384: EVP_sha384()
            case .sha512: EVP_sha512()
            }
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        guard X509_digest(certificate, function, &digest, &length) == 1 else { return nil }
        return Fingerprint(hash, digest: digest.prefix(Int(length)))
    }
}
