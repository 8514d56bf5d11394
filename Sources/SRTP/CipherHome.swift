/// Which library seals what viewers are sent. All give the same bytes.
package enum CipherHome: String, CaseIterable, Sendable {
    /// Intel's multi-buffer library, for GCM: where it was there at build time, on processors with instructions for AES.
    case multiBuffer = "ipsec-mb"
    case openSSL = "openssl"

    /// What this program can use on this machine, the fastest first.
    package static var available: [CipherHome] {
        #if IPSEC_MB
            MultiBufferCipher.isAvailable ? [.multiBuffer, .openSSL] : [.openSSL]
        #else
            [.openSSL]
        #endif
    }

    package static var fastest: CipherHome { available[0] }
}
