import HTTPTypes
import Hummingbird
import NIOConcurrencyHelpers

/// Which methods each path has, read from the routes once all are there.
final class AllowedMethods: Sendable {
    private struct Route {
        let segments: [Substring]
        var methods: Set<String>

        func matches(_ path: [Substring]) -> Bool {
            segments.count == path.count && zip(segments, path).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
        }
    }

    private let routes = NIOLockedValueBox<[Route]>([])

    func read(_ router: Router<VitrineContext>) {
        let described = router.routes.map { ("\($0.path)", $0.method.rawValue) }
        let byPath = Dictionary(grouping: described, by: \.0).mapValues { Set($0.map(\.1)) }
        let all = byPath.map { path, methods in
            Route(
                segments: path.split(separator: "/"),
                methods: methods.union(methods.contains("GET") ? ["HEAD", "OPTIONS"] : ["OPTIONS"]))
        }
        routes.withLockedValue { $0 = all }
    }

    /// In order; nil where there is no such path.
    func of(_ path: String) -> [String]? {
        let segments = path.split(separator: "/")
        return routes.withLockedValue { routes in
            let found = routes.filter { $0.matches(segments) }
            guard !found.isEmpty else { return nil }
            return found.reduce(into: Set()) { $0.formUnion($1.methods) }.sorted()
        }
    }
}

/// Tells what a path can do: `OPTIONS` is answered everywhere, and a method that a path lacks with 405, both with
/// `Allow` (RFC 9110, sections 9.3.7 and 15.5.6).
struct AllowedMethodsMiddleware: RouterMiddleware {
    let allowed: AllowedMethods

    func handle(
        _ request: Request, context: VitrineContext, next: (Request, VitrineContext) async throws -> Response
    ) async throws -> Response {
        guard let methods = allowed.of(request.uri.path) else { return try await next(request, context) }
        let list = methods.joined(separator: ", ")
        guard methods.contains(request.method.rawValue) else {
            throw Problem(.methodNotAllowed, "This path takes \(list).", headers: [.allow: list])
        }
        guard request.method == .options else { return try await next(request, context) }
        var response: Response
        do {
            response = try await next(request, context)
        } catch let error as any HTTPResponseError where error.status == .notFound && !(error is Problem) {
            response = Response(status: .noContent)  // no route says more
        }
        response.headers[.allow] = list
        return response
    }
}
