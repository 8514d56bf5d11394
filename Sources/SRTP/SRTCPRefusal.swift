/// Why a datagram isn't opened.
package enum SRTCPRefusal: Error, Equatable {
    /// Cut off, of another version, or not encrypted.
    case malformed
    /// Come before, or too old to tell.
    case replayed
    /// Its tag is wrong.
    case forged
}
