import HTTPTypes
import Hummingbird

/// Tells the admin from everybody else by the bearer token (RFC 6750).
struct AdminAuthority: Sendable {
    private let token: [UInt8]

    init(token: String) {
        self.token = Array(token.utf8)
    }

    /// Takes the same time whatever `candidate` holds, so that nobody can guess the token byte by byte.
    func accepts(_ candidate: String?) -> Bool {
        guard let candidate, !token.isEmpty else { return false }
        let bytes = Array(candidate.utf8)
        var difference = UInt8(bytes.count == token.count ? 0 : 1)
        for index in token.indices {
            difference |= token[index] ^ (index < bytes.count ? bytes[index] : 0)
        }
        return difference == 0
    }

    /// Throws a 401 when the request carries no valid token.
    func require(_ request: Request) throws {
        guard request.headers[.authorization] != nil else {
            throw Self.refusal("This needs the admin's token: \"Authorization: Bearer TOKEN\".", error: nil)
        }
        guard accepts(Self.bearerToken(of: request)) else {
            throw Self.refusal("The token isn't valid.", error: "invalid_token")
        }
    }

    /// Nil when the request carries none.
    static func bearerToken(of request: Request) -> String? {
        let parts = (request.headers[.authorization] ?? "").split(separator: " ", maxSplits: 1)
        return parts.count == 2 && parts[0].lowercased() == "bearer" ? String(parts[1]) : nil
    }

    static func refusal(_ detail: String, error: String?) -> Problem {
        let challenge = #"Bearer realm="vitrine""# + (error.map { #", error="\#($0)""# } ?? "")
        return Problem(.unauthorized, detail, headers: [.wwwAuthenticate: challenge])
    }
}

/// Lets only the admin through.
struct AdminMiddleware: RouterMiddleware {
    let authority: AdminAuthority

    func handle(
        _ request: Request, context: VitrineContext, next: (Request, VitrineContext) async throws -> Response
    ) async throws -> Response {
        try authority.require(request)
        return try await next(request, context)
    }
}
