/// What became of a datagram of an uplink.
package enum OpenResult: Equatable, Sendable {
    /// It is plain text now, in the same place.
    case opened(byteCount: Int)
    /// Come before, or too old to tell.
    case replayed
    /// Its tag is wrong.
    case forged
    /// Cut off, of another version, or with a header that is longer than the rest of it.
    case malformed
}
