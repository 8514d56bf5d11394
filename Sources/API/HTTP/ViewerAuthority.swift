import JWTKit
import Wire

/// Lets in the viewers whom the shop vouches for, when the operator asks for that: a JWT (RFC 7519) signed with a
/// secret that the shop and this server share (HS256), carrying `exp` and, if it is for one show only, `stream_id`.
struct ViewerAuthority: Sendable {
    private struct Claims: JWTPayload {
        let exp: ExpirationClaim
        let streamID: StreamID?

        private enum CodingKeys: String, CodingKey {
            case exp
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

    func accepts(_ token: String?, for stream: StreamID) async -> Bool {
        guard let token, token.utf8.count <= 4_096,
            let claims = try? await keys.verify(token, as: Claims.self)
        else { return false }
        return claims.streamID == nil || claims.streamID == stream
    }
}
