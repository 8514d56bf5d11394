import HTTPTypes
import Hummingbird

/// What every answer says about how far a browser may trust it.
struct SecurityHeadersMiddleware: RouterMiddleware {
    /// No inline script or style, so that text from people could not run even if a page put it in as markup.
    static let contentSecurityPolicy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' https: data: blob:",
        "media-src 'self' blob:", "connect-src 'self' ws: wss:", "font-src 'self'", "base-uri 'none'",
        "form-action 'none'", "frame-ancestors 'none'",
    ].joined(separator: "; ")

    func handle(
        _ request: Request, context: VitrineContext, next: (Request, VitrineContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        response.headers[.contentSecurityPolicy] = Self.contentSecurityPolicy
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.referrerPolicy] = "no-referrer"
        response.headers[.permissionsPolicy] = "camera=(self), microphone=(self), display-capture=(self)"
        response.headers[.crossOriginOpenerPolicy] = "same-origin"
        return response
    }
}
