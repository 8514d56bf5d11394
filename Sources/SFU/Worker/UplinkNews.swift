package import Wire

/// What becomes of a stream's uplink, as rooms need to know it.
package enum UplinkNews: Sendable {
    /// Another one sends what viewers were not told of: they are to be offered anew.
    case changed(StreamID)
    /// Nothing comes any more.
    case ended(StreamID)
}
