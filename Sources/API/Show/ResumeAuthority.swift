import Crypto
internal import Foundation
import Wire

/// Signs and reads the tokens by which a session goes on after its socket went: they say whose it was, so they hold over
/// a restart of the server, too.
struct ResumeAuthority: Sendable {
    /// A token of a session that began before this counts no more.
    static let longestSessionMS: Int64 = 12 * 3_600_000

    /// What a token says.
    struct Session: Equatable, Sendable {
        let client: ClientID
        let stream: StreamID
        let role: ClientRole
        let since: Timestamp
        /// What the shop calls this person; nil for who chooses a name.
        var givenName: String?
    }

    private let key: SymmetricKey

    /// `secret`: what survives a restart and nobody else knows.
    init(secret: String) {
        key = SymmetricKey(
            data: HMAC<SHA256>.authenticationCode(
                for: Data("resume".utf8), using: SymmetricKey(data: Data(secret.utf8))))
    }

    func token(for session: Session) -> String {
        let claim =
            "\(session.client).\(session.stream).\(session.role.rawValue).\(session.since.milliseconds)"
            + ".\(Data((session.givenName ?? "").utf8).base64EncodedString())"
        return "\(claim).\(signature(of: claim).map { String(format: "%02x", $0) }.joined())"
    }

    /// Nil for what this server has not signed.
    func session(of token: String?) -> Session? {
        guard let token, token.utf8.count <= 1_024 else { return nil }
        let words = token.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard words.count == 6, let client = ClientID(words[0]), let stream = StreamID(words[1]),
            let role = ClientRole(rawValue: words[2]), let since = Int64(words[3]),
            let name = Data(base64Encoded: words[4]), let code = Data(hexadecimal: words[5]),
            HMAC<SHA256>.isValidAuthenticationCode(
                code, authenticating: Data(words[..<5].joined(separator: ".").utf8), using: key)
        else { return nil }
        return Session(
            client: client, stream: stream, role: role, since: Timestamp(milliseconds: since),
            givenName: name.isEmpty ? nil : String(decoding: name, as: UTF8.self))
    }

    private func signature(of claim: String) -> HMAC<SHA256>.MAC {
        HMAC<SHA256>.authenticationCode(for: Data(claim.utf8), using: key)
    }
}
