internal import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Storage

/// An error as clients read it: `application/problem+json` (RFC 9457).
struct Problem: Error {
    var status: HTTPResponse.Status
    /// One sentence that says what to do about it.
    var detail: String
    var headers: HTTPFields = [:]

    init(_ status: HTTPResponse.Status, _ detail: String, headers: HTTPFields = [:]) {
        self.status = status
        self.detail = detail
        self.headers = headers
    }

    static func notFound(_ what: String) -> Problem { Problem(.notFound, "There is no such \(what).") }
    static func invalid(_ detail: String) -> Problem { Problem(.unprocessableContent, detail) }
}

extension Problem {
    init(_ error: StoreError) {
        switch error {
        case .notFound(let what): self = .notFound(what)
        case .conflict(let reason): self.init(.conflict, reason)
        case .badCursor: self = .invalid("The cursor isn't one that this list gave.")
        case .unavailable, .newerRelease:
            self.init(
                .serviceUnavailable, "The store can't be reached now. Try again in a few seconds.",
                headers: [.retryAfter: "2"])
        }
    }
}

extension Problem: HTTPResponseError {
    private struct Document: Encodable {
        let type: String
        let title: String
        let status: Int
        let detail: String
    }

    func response(from request: Request, context: some RequestContext) throws -> Response {
        let document = Document(
            type: "about:blank", title: status.reasonPhrase.isEmpty ? "Error" : status.reasonPhrase,
            status: status.code, detail: detail)
        var headers = headers
        headers[.contentType] = "application/problem+json"
        headers[.cacheControl] = "no-store"
        return Response(
            status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: try JSON.encode(document))))
    }
}
