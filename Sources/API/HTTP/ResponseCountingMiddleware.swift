import Hummingbird

/// Counts what is answered, by the class of the status.
struct ResponseCountingMiddleware: RouterMiddleware {
    let metrics: ServerMetrics

    func handle(
        _ request: Request, context: VitrineContext, next: (Request, VitrineContext) async throws -> Response
    ) async throws -> Response {
        let response = try await next(request, context)
        metrics.responded(response.status)
        return response
    }
}
