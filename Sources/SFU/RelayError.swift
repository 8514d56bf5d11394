/// Why the relay does not take a peer.
package enum RelayError: Error, Equatable {
    case invalidOffer(reason: String)
    /// Names what was offered.
    case noCommonCodec(offered: String)
    /// Nobody publishes this stream now.
    case noUplink
    case unavailable(reason: String)
}
