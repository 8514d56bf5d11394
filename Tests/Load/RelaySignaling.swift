import Load
import SFU
import Wire

/// Signaling without HTTP, to a relay in this process.
struct RelaySignaling: SignalingClient {
    let relay: Relay
    let stream = StreamID.random()
    let serverOffers: Bool

    func publish(_ offer: String) async throws(LoadFailure) -> SignaledSession {
        try await session { try await relay.publish(stream, offer: offer) }
    }

    func play(_ offer: String) async throws(LoadFailure) -> SignaledSession {
        try await session { try await relay.play(stream, offer: offer) }
    }

    private func session(_ body: () async throws -> Relay.Session) async throws(LoadFailure) -> SignaledSession {
        do {
            let session = try await body()
            return SignaledSession(description: session.answer, handle: session.id.text)
        } catch {
            throw LoadFailure("\(error)")
        }
    }

    func invite() async throws(LoadFailure) -> SignaledSession {
        do {
            let invitation = try await relay.invite(stream)
            return SignaledSession(description: invitation.offer, handle: invitation.id.text)
        } catch {
            throw LoadFailure("\(error)")
        }
    }

    func accept(_ answer: String, _ session: SignaledSession) async throws(LoadFailure) {
        do {
            guard let id = RelaySessionID(session.handle) else { throw LoadFailure("no session") }
            try await relay.accept(id, answer: answer)
        } catch {
            throw LoadFailure("\(error)")
        }
    }

    func end(_ session: SignaledSession) async {
        if let id = RelaySessionID(session.handle) { _ = await relay.end(id) }
    }

    func close() async {}
}
