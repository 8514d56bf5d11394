/// Why a session can't be had.
package enum SRTPFailure: Error, Equatable {
    /// The handshake's key or salt is not as long as the profile says.
    case keyLength
    /// This program or machine has no such library.
    case noSuchCipher
    case openSSL
    case libsrtp(status: UInt32)
}
