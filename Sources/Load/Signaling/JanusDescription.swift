/// An offer or answer as Janus carries it.
struct JanusDescription: Codable, Sendable {
    let type: String
    let sdp: String
    /// All candidates are in it.
    var trickle: Bool? = false
}
