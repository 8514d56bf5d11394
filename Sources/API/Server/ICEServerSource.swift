import Crypto
internal import Foundation
import Signaling
import Wire

/// The STUN and TURN servers that browsers are told to use, with fresh credentials for TURN.
///
/// A TURN user name is the time at which it expires, and its password an HMAC of that under a secret that this server
/// and the TURN server share: the scheme of coturn's `use-auth-secret` (draft-uberti-behave-turn-rest-00).
struct ICEServerSource: Sendable {
    private static let credentialLifetime: Int64 = 3_600

    /// Given as they are: STUN servers, or TURN servers with fixed credentials.
    let fixed: [ICEServer]
    let turnURLs: [String]
    let turnSecret: String?
    let clock: ServerClock

    func servers() -> [ICEServer] {
        guard let turnSecret, !turnURLs.isEmpty else { return fixed }
        let expiry = clock.now.milliseconds / 1_000 + Self.credentialLifetime
        let username = "\(expiry):vitrine"
        let credential = Self.credential(for: username, secret: turnSecret)
        return fixed + [ICEServer(urls: turnURLs, username: username, credential: credential)]
    }

    static func credential(for username: String, secret: String) -> String {
        let key = SymmetricKey(data: Data(secret.utf8))
        return Data(HMAC<Insecure.SHA1>.authenticationCode(for: Data(username.utf8), using: key)).base64EncodedString()
    }
}
