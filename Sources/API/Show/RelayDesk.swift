import SFU
import Signaling
import Wire

/// Carries a room's wishes to the relay, in their order, and the relay's answers back.
final class RelayDesk: Sendable {
    private let requests: AsyncStream<(RelayRequest, Show)>.Continuation
    private let worker: Task<Void, Never>

    init(relay: Relay, stream: StreamID) {
        let (queue, requests) = AsyncStream<(RelayRequest, Show)>.makeStream()
        self.requests = requests
        worker = Task {
            var sessions = Sessions(relay: relay, stream: stream)
            for await (request, show) in queue {
                if let event = await sessions.carryOut(request) { await show.handle(event) }
                show.noteRelaySessions(sessions.clients, ofStudio: sessions.published)
            }
        }
    }

    deinit {
        requests.finish()
    }

    func carryOut(_ request: RelayRequest, for show: Show) {
        requests.yield((request, show))
    }
}

/// Which session of the relay is whose.
private struct Sessions {
    let relay: Relay
    let stream: StreamID
    private var current: [ClientID: RelaySessionID] = [:]
    /// The session before, which goes on until the next one is accepted: make before break.
    private var former: [ClientID: RelaySessionID] = [:]
    /// The uplink of a studio's page.
    private(set) var published: RelaySessionID?

    init(relay: Relay, stream: StreamID) {
        self.relay = relay
        self.stream = stream
    }

    /// Who is behind which session.
    var clients: [RelaySessionID: ClientID] {
        Dictionary(current.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })
    }

    mutating func carryOut(_ request: RelayRequest) async -> RoomEvent? {
        switch request {
        case .publish(let client, let sdp):
            do {
                let session = try await relay.publish(stream, offer: sdp, resumes: true)
                published = session.id
                return .relayAnswered(sdp: session.answer)
            } catch {
                return .relayRefused(client, reason: Self.reason(of: error))
            }
        case .invite(let client): return await invite(client)
        case .accept(let client, let sdp):
            guard let session = current[client] else { return nil }
            let result: RoomEvent?
            do {
                result = try await relay.accept(session, answer: sdp).map { .relayNotPlayed(client, codec: $0) }
            } catch {
                result = .relayRefused(client, reason: Self.reason(of: error))
            }
            if let old = former.removeValue(forKey: client) { _ = await relay.end(old) }
            return result
        case .dismiss(let client):
            for session in [current.removeValue(forKey: client), former.removeValue(forKey: client)] {
                if let session { _ = await relay.end(session) }
            }
            return nil
        case .endAll:
            await relay.end(stream)
            (current, former, published) = ([:], [:], nil)
            return nil
        }
    }

    private mutating func invite(_ client: ClientID) async -> RoomEvent? {
        do {
            let (session, offer) = try await relay.invite(stream)
            if let old = former.removeValue(forKey: client) { _ = await relay.end(old) }
            former[client] = current.updateValue(session, forKey: client)
            return .relayOffered(client, sdp: offer)
        } catch {
            return .relayRefused(client, reason: Self.reason(of: error))
        }
    }

    private static func reason(of error: any Error) -> String {
        switch error as? RelayError {
        case .noUplink: "The picture hasn't reached the relay yet."
        case let error?: error.explanation
        case nil: "The relay can't take this now."
        }
    }
}
