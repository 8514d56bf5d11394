package import Wire

/// What becomes of a stream at the relay, as rooms need to know it.
package enum UplinkNews: Sendable {
    /// Another one sends what viewers were not told of: they are to be offered anew.
    case changed(StreamID)
    /// This one's media are the stream's from now on.
    case shown(StreamID, RelaySessionID)
    /// Nothing comes any more.
    case ended(StreamID)
    /// How many on this worker watch by an offer of their own (WHEP).
    case players(StreamID, worker: Int, count: Int)
    /// What this viewer's link lets through has changed.
    case quality(StreamID, RelaySessionID, ViewingQuality)
}
