package import Foundation

/// WHIP to publish (RFC 9725) and WHEP to play (the IETF's draft): an offer is posted, an answer comes, and the session
/// is deleted at the end.
package struct WHIPClient: SignalingClient {
    private static let sdpType = "application/sdp"

    package let serverOffers = false
    private let http: HTTPClient
    private let whip: URL?
    private let whep: URL?
    private let token: String?

    package init(whip: URL?, whep: URL?, token: String?, connections: Int = 16) {
        http = HTTPClient(connections: connections)
        self.whip = whip
        self.whep = whep
        self.token = token
    }

    package func publish(_ offer: String) async throws(LoadFailure) -> SignaledSession {
        guard let whip else { throw LoadFailure("publishing needs --whip") }
        return try await post(offer, to: whip, "WHIP")
    }

    package func play(_ offer: String) async throws(LoadFailure) -> SignaledSession {
        guard let whep else { throw LoadFailure("viewing needs --whep") }
        return try await post(offer, to: whep, "WHEP")
    }

    package func invite() async throws(LoadFailure) -> SignaledSession {
        throw LoadFailure("WHEP servers make no offers")
    }

    package func accept(_ answer: String, _ session: SignaledSession) async throws(LoadFailure) {
        throw LoadFailure("WHEP servers make no offers")
    }

    private func post(_ offer: String, to url: URL, _ door: String) async throws(LoadFailure) -> SignaledSession {
        let answer = try await http.send("POST", url, token: token, type: Self.sdpType, body: offer)
        switch answer.status {
        case 201, 200: break
        case 401, 403: throw LoadFailure("\(door): the server refuses the token (\(answer.status))")
        case 404: throw LoadFailure("\(door): there is nothing at \(url.absoluteString) (404)")
        case 406, 415: throw LoadFailure("\(door): no codec in common (\(answer.status)\(Self.detail(answer)))")
        case 409: throw LoadFailure("\(door): not now (409\(Self.detail(answer)))")
        default: throw LoadFailure("\(door): the server answers \(answer.status)\(Self.detail(answer))")
        }
        guard answer.text.hasPrefix("v=0") else { throw LoadFailure("\(door): the answer is no SDP") }
        let session = answer.location.flatMap { URL(string: $0, relativeTo: url)?.absoluteString }
        return SignaledSession(description: answer.text, handle: session ?? "")
    }

    /// What a problem document says (RFC 9457), or the first line of what else came.
    private static func detail(_ answer: HTTPClient.Answer) -> String {
        struct Problem: Decodable { let detail: String? }
        if let detail = (try? JSONDecoder().decode(Problem.self, from: answer.body))?.detail { return ": \(detail)" }
        guard answer.contentType.hasPrefix("text/plain"), let line = answer.text.split(separator: "\n").first else {
            return ""
        }
        return ": \(line.prefix(200))"
    }

    package func end(_ session: SignaledSession) async {
        guard let url = URL(string: session.handle) else { return }
        _ = try? await http.send("DELETE", url, token: token)
    }

    package func close() async { http.close() }
}
