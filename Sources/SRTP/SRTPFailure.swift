/// Why a session can't be had.
package enum SRTPFailure: Error, Equatable {
    /// The handshake's key or salt is not as long as the profile says.
    case keyLength
    case openSSL
    case libsrtp(status: UInt32)
}
