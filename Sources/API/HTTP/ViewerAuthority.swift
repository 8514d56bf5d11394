import JWTKit
import Wire

/// Lets in the viewers whom the shop vouches for, when the operator asks for that: a JWT (RFC 7519) signed with a
/// secret that the shop and this server share (HS256), carrying `exp` and, if it is for one show only, `stream_id`; `sub` and `name` may say who it is.
struct ViewerAuthority: Sendable {
    /// What the shop says of somebody.
    struct Claims: JWTPayload {
        let exp: ExpirationClaim
        /// Nil: all of the shop's shows.
        let streamID: StreamID?
        /// Who it is, in the shop's own words.
        let sub: String?
        /// The name that others see in the chat.
        let name: String?

        private enum CodingKeys: String, CodingKey {
            case exp, sub, name
            case streamID = "stream_id"
        }

        func verify(using _: some JWTAlgorithm) throws {
            try exp.verifyNotExpired()
        }
    }

    private let keys = JWTKeyCollection()

    init(secret: String) async {
        await keys.add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
    }

    /// What a token says; nil for one that isn't the shop's, or has run out.
    func claims(of token: String?) async -> Claims? {
        guard let token, token.utf8.count <= 4_096 else { return nil }
        return try? await keys.verify(token, as: Claims.self)
    }

    /// What a token says that is good for this show.
    func claims(of token: String?, for stream: StreamID) async -> Claims? {
        guard let claims = await claims(of: token) else { return nil }
        return claims.streamID == nil || claims.streamID == stream ? claims : nil
    }

    func accepts(_ token: String?, for stream: StreamID) async -> Bool {
        await claims(of: token, for: stream) != nil
    }
}
