import HTTPTypes
import Hummingbird

/// Every answer about uploads names the version of tus that is spoken, errors too (tus 1.0.0, Tus-Resumable), whoever
/// gives it.
struct TusVersionMiddleware: RouterMiddleware {
    static let version = "1.0.0"

    func handle(
        _ request: Request, context: VitrineContext, next: (Request, VitrineContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        if Self.isAboutUploads(request) { response.headers[.tusResumable] = Self.version }
        return response
    }

    private static func isAboutUploads(_ request: Request) -> Bool {
        let words = request.uri.path.split(separator: "/")
        guard words.count >= 4, words[0] == "api", words[1] == "livestreams", words[3] == "recording" else {
            return false
        }
        // The replay itself is at the address where uploads begin.
        return words.count > 4 ? words[4] == "uploads" : ![.get, .head].contains(request.method)
    }
}
