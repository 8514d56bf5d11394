private import COpenSSL
package import Wire

/// The certificate with which this server meets its media peers: self-signed, ECDSA P-256, made at start. Peers know it
/// by the fingerprint in the SDP (RFC 8122), so nobody has to vouch for it.
package final class DTLSCertificate: @unchecked Sendable {  // made once, and only read afterwards
    private let storage: OpaquePointer
    /// By SHA-256.
    package let fingerprint: Fingerprint

    package enum Failure: Error {
        case openSSL(String)
    }

    /// What its key is of. Peers have any of them (RFC 8827, section 6.5; P-224 is FFmpeg's).
    package enum KeyKind: Sendable, CaseIterable {
        case p256, p384, p224, rsa2048
    }

    /// AES-GCM first: it costs a packet less than half of what AES-CM with HMAC-SHA1 does.
    private static let profiles = "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80"
    /// Of handshakes, and of peers' certificates. OpenSSL's own, and last the curve on which FFmpeg 8.1 makes its
    /// certificate, which OpenSSL leaves out by itself.
    private static let groups = "X25519:P-256:X448:P-521:P-384:P-224"
    private static let lifetimeSeconds = 400 * 24 * 3_600

    package init(_ kind: KeyKind = .p256) throws {
        guard let context = SSL_CTX_new(DTLS_method()), let key = Self.makeKey(kind), let certificate = X509_new()
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
            && vitrine_ctx_set_groups(context, Self.groups) == 1
        guard isReady, let fingerprint = Self.fingerprint(of: certificate, by: .sha256) else {
            SSL_CTX_free(context)
            throw Failure.openSSL("the certificate can't be made")
        }
        Self.setRules(of: context)
        storage = context
        self.fingerprint = fingerprint
    }

    private static func makeKey(_ kind: KeyKind) -> OpaquePointer? {
        switch kind {
        case .p256: vitrine_ec_key("P-256")
        case .p384: vitrine_ec_key("P-384")
        case .p224: vitrine_ec_key("P-224")
        case .rsa2048: vitrine_rsa_key(2_048)
        }
    }

    /// The peer must show a certificate, but only the fingerprint in its SDP says whether it is the right one. Both that
    /// and its SRTP profiles are judged in the middle of the handshake, so that a refusal is told to the peer by an alert.
    private static func setRules(of context: OpaquePointer) {
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        SSL_CTX_set_cert_verify_callback(
            context,
            { store, _ in
                let ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx())
                let transport = DTLSCertificate.transport(ssl.map { OpaquePointer($0) })
                if transport?.admits(X509_STORE_CTX_get0_cert(store)) == true { return 1 }
                X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED)
                return 0
            }, nil)
        SSL_CTX_set_client_hello_cb(
            context,
            { ssl, alert, _ in
                var (start, count): (UnsafePointer<UInt8>?, Int) = (nil, 0)
                let isThere = SSL_client_hello_get0_ext(ssl, UInt32(TLSEXT_TYPE_use_srtp), &start, &count) == 1
                let profiles = isThere ? UnsafeBufferPointer(start: start, count: count) : nil
                guard DTLSCertificate.transport(ssl)?.admits(profiles: profiles) == true else {
                    alert?.pointee = SSL_AD_HANDSHAKE_FAILURE
                    return SSL_CLIENT_HELLO_ERROR
                }
                return SSL_CLIENT_HELLO_SUCCESS
            }, nil)
        // A session that is taken up again would show no certificate.
        vitrine_ssl_without_resumption(context)
    }

    private static func transport(_ ssl: OpaquePointer?) -> DTLSTransport? {
        guard let ssl, let data = SSL_get_ex_data(ssl, 0) else { return nil }
        return Unmanaged<DTLSTransport>.fromOpaque(data).takeUnretainedValue()
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
