/// What a relayed viewer's link lets through, in the words that the viewer is told.
package enum ViewingQuality: String, Codable, Sendable {
    case good
    /// Fewer pictures a second than there are, or one that comes and goes.
    case weak
    /// Not even that fits: the last picture stands, and the sound goes on.
    case soundOnly = "sound_only"
}
