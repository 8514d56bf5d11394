package import Foundation

/// A livestream of a Vitrine server that is made for one run, and goes with it.
package struct CreatedStream: SignalingClient {
    package let serverOffers = false
    private static let attempts = 80
    private let http: HTTPClient
    private let record: URL
    private let token: String
    private let doors: WHIPClient

    /// Makes it, relayed only, at the server with this base URL.
    package init(at base: URL, token: String?) async throws(LoadFailure) {
        guard let token else { throw LoadFailure("--create needs --token") }
        let http = HTTPClient(connections: 2)
        let list = base.appendingPathComponent("api/livestreams")
        let answer = try await http.send(
            "POST", list, token: token, type: "application/json",
            body: #"{"title": "vitrine load", "delivery": {"mode": "relay"}}"#)
        switch answer.status {
        case 201: break
        case 401, 403: throw LoadFailure("--create: the server refuses the token (\(answer.status))")
        default: throw LoadFailure("--create: the server answers \(answer.status)")
        }
        struct Record: Decodable { let id: String }
        guard let id = (try? JSONDecoder().decode(Record.self, from: answer.body))?.id else {
            throw LoadFailure("--create: this is no Vitrine server")
        }
        self.http = http
        self.token = token
        record = list.appendingPathComponent(id)
        doors = WHIPClient(
            whip: base.appendingPathComponent("whip/\(id)"), whep: base.appendingPathComponent("whep/\(id)"),
            token: token)
    }

    package func publish(_ offer: String) async throws(LoadFailure) -> SignaledSession {
        try await doors.publish(offer)
    }

    package func play(_ offer: String) async throws(LoadFailure) -> SignaledSession { try await doors.play(offer) }

    package func invite() async throws(LoadFailure) -> SignaledSession { try await doors.invite() }

    package func accept(_ answer: String, _ session: SignaledSession) async throws(LoadFailure) {
        try await doors.accept(answer, session)
    }

    package func end(_ session: SignaledSession) async { await doors.end(session) }

    /// Livestreams that are live can't be deleted, and this one ends only some seconds after its publisher: the server
    /// is asked again until it can.
    package func close() async {
        for _ in 0..<Self.attempts {
            guard let answer = try? await http.send("DELETE", record, token: token), answer.status == 409 else { break }
            try? await Task.sleep(for: .milliseconds(500))
        }
        await doors.close()
        http.close()
    }
}
