import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import Storage

/// Turns whatever a route throws into a problem document. A client learns what it can act on, the log the rest.
struct ProblemMiddleware: RouterMiddleware {
    func handle(
        _ request: Request, context: VitrineContext, next: (Request, VitrineContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let problem = Self.problem(for: error, request: request, logger: context.logger)
            return try problem.response(from: request, context: context)
        }
    }

    private static func problem(for error: any Error, request: Request, logger: Logger) -> Problem {
        switch error {
        case let problem as Problem: return problem
        case let error as StoreError:
            if case .unavailable(let reason) = error { logger.error("store unavailable: \(reason)") }
            if error == .newerRelease { logger.error("a newer release of Vitrine wrote the store") }
            return Problem(error)
        case let error as any HTTPResponseError: return problem(forStatus: error.status, request: request)
        case is NIOTooManyBytesError:
            return Problem(.contentTooLarge, "The body is larger than \(JSONBody.maximumBytes) bytes.")
        case is HTTPParserError:
            return Problem(.badRequest, "The request ended before its body did, or its framing is broken.")
        default:
            logger.error("\(request.method) failed: \(String(reflecting: type(of: error)))")
            return Problem(.internalServerError, "Something went wrong on the server. Its log says more.")
        }
    }

    private static func problem(forStatus status: HTTPResponse.Status, request: Request) -> Problem {
        switch status {
        case .notFound: Problem(.notFound, "There is nothing at this path.")
        case .contentTooLarge: Problem(status, "The body is larger than \(JSONBody.maximumBytes) bytes.")
        default: Problem(status, "The request was refused.")
        }
    }
}
