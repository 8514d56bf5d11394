internal import Foundation
import HTTPTypes
import Hummingbird

/// Which pages may speak to this server from a browser: its own, and those that the operator allows (RFC 6454).
struct OriginPolicy: Sendable {
    private let allowed: Set<String>

    /// `allowed`: origins like `https://shop.example`, with the port where it isn't the scheme's own.
    init(allowed: [String]) {
        self.allowed = Set(allowed.compactMap(Self.normalised))
    }

    /// A client that names no origin is no browser's page.
    func accepts(origin: String?, host: String?) -> Bool {
        guard let origin else { return true }
        guard let normalised = Self.normalised(origin) else { return false }
        return allowed.contains(normalised) || isOwn(normalised, host: host)
    }

    var allowsOthers: Bool { !allowed.isEmpty }

    func isAllowedElsewhere(_ origin: String) -> Bool {
        Self.normalised(origin).map(allowed.contains) ?? false
    }

    private func isOwn(_ origin: String, host: String?) -> Bool {
        guard let host else { return false }
        return ["http://", "https://"].contains { Self.normalised($0 + host) == origin }
    }

    /// Scheme, host and port in one spelling; nil for what is no origin, such as `null`.
    private static func normalised(_ origin: String) -> String? {
        guard let parts = URLComponents(string: origin.lowercased()), let scheme = parts.scheme,
            let host = parts.host, !host.isEmpty, ["http", "https"].contains(scheme)
        else { return nil }
        return "\(scheme)://\(host):\(parts.port ?? (scheme == "https" ? 443 : 80))"
    }
}

/// Lets the pages of allowed origins read what the API answers (the Fetch standard, CORS protocol).
struct CrossOriginMiddleware: RouterMiddleware {
    /// Named one by one: a `*` doesn't count for Authorization, nor beside credentials.
    private static let allowedFields = """
        Authorization, Content-Type, If-Match, If-None-Match, If-Modified-Since, If-Range, Range, \
        Tus-Resumable, Upload-Length, Upload-Metadata, Upload-Offset
        """
    private static let exposedFields = """
        Accept-Patch, Accept-Post, Accept-Ranges, Allow, Content-Length, Content-Range, ETag, Link, Location, \
        Retry-After, Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version, Upload-Length, Upload-Offset, \
        WWW-Authenticate
        """

    let policy: OriginPolicy

    func handle(
        _ request: Request, context: VitrineContext, next: (Request, VitrineContext) async throws -> Response
    ) async throws -> Response {
        let isPreflight = request.method == .options && request.headers[.accessControlRequestMethod] != nil
        guard let origin = request.headers[.origin], policy.isAllowedElsewhere(origin) else {
            var response = try await next(request, context)
            // A cache must not give the answer without these headers to a page that is allowed.
            if policy.allowsOthers { response.headers[values: .vary].append("Origin") }
            return response
        }
        var response = isPreflight ? Response(status: .noContent) : try await next(request, context)
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[values: .vary].append("Origin")
        if isPreflight {
            response.headers[.accessControlAllowMethods] = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
            response.headers[.accessControlAllowHeaders] = Self.allowedFields
            response.headers[.accessControlMaxAge] = "600"
        } else {
            response.headers[.accessControlExposeHeaders] = Self.exposedFields
        }
        return response
    }
}
