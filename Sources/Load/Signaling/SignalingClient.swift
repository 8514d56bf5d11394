/// How descriptions get to a server and back, as text: the media knows no more of it. Servers that take offers (WHIP,
/// WHEP) and servers that make them (Janus) both fit.
package protocol SignalingClient: Sendable {
    /// The server offers to viewers, and they answer.
    var serverOffers: Bool { get }

    /// Publishes with this offer.
    func publish(_ offer: String) async throws(LoadFailure) -> SignaledSession

    /// Plays with this offer; where the server offers, `accept` follows `invite` instead.
    func play(_ offer: String) async throws(LoadFailure) -> SignaledSession

    /// Has the server make an offer.
    func invite() async throws(LoadFailure) -> SignaledSession

    /// Answers the server's offer.
    func accept(_ answer: String, _ session: SignaledSession) async throws(LoadFailure)

    /// Ends a session; that a server is gone by then is no failure.
    func end(_ session: SignaledSession) async

    /// Nothing more is to come: what was made for the run goes. The run leaves that to whoever made the client.
    func close() async
}

/// A session at the server.
package struct SignaledSession: Sendable {
    /// The server's answer, or its offer.
    package let description: String
    /// By which it is ended.
    package let handle: String

    package init(description: String, handle: String) {
        self.description = description
        self.handle = handle
    }
}
