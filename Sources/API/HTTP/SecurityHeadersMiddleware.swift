import HTTPTypes
import Hummingbird

/// What every answer says about how far a browser may trust it.
struct SecurityHeadersMiddleware: RouterMiddleware {
    /// Whether browsers are to come by HTTPS only from now on (RFC 6797).
    let isSecure: Bool

    /// No inline script or style, so that text from people could not run even if a page put it in as markup.
    private static func policy(host: String?) -> String {
        [
            "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' https: data: blob:",
            "media-src 'self' blob:", "connect-src 'self'\(sockets(of: host))", "font-src 'self'", "base-uri 'none'",
            "form-action 'none'", "frame-ancestors 'none'",
        ].joined(separator: "; ")
    }

    /// Not every browser takes 'self' for the page's own WebSocket.
    private static func sockets(of host: String?) -> String {
        guard let host, host.utf8.count <= 255, host.utf8.allSatisfy(isOfHost) else { return "" }
        return " ws://\(host) wss://\(host)"
    }

    private static func isOfHost(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-.:[]".utf8.contains(byte)
        }
    }

    func handle(
        _ request: Request, context: VitrineContext, next: (Request, VitrineContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        response.headers[.contentSecurityPolicy] = Self.policy(host: request.head.authority)
        if isSecure { response.headers[.strictTransportSecurity] = "max-age=31536000" }
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.referrerPolicy] = "no-referrer"
        response.headers[.permissionsPolicy] = "camera=(self), microphone=(self), display-capture=(self)"
        response.headers[.crossOriginOpenerPolicy] = "same-origin"
        return response
    }
}
