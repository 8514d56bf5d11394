internal import Foundation

#if canImport(FoundationNetworking)
    internal import FoundationNetworking
#endif

/// Requests to the servers' doors, a bounded number at a time.
final class HTTPClient: Sendable {
    struct Answer: Sendable {
        let status: Int
        let body: Data
        let location: String?
        let contentType: String

        var text: String { String(decoding: body, as: UTF8.self) }
    }

    private static let timeoutSeconds = 15.0
    private let session: URLSession

    init(connections: Int) {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpMaximumConnectionsPerHost = connections
        configuration.timeoutIntervalForRequest = Self.timeoutSeconds
        configuration.urlCache = nil
        configuration.httpCookieStorage = nil
        session = URLSession(configuration: configuration)
    }

    func send(
        _ method: String, _ url: URL, token: String? = nil, type: String? = nil, body: String? = nil
    ) async throws(LoadFailure) -> Answer {
        var request = URLRequest(url: url)
        request.httpMethod = method
        if let token { request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization") }
        if let type { request.setValue(type, forHTTPHeaderField: "Content-Type") }
        request.httpBody = body.map { Data($0.utf8) }
        let result: Result<Answer, LoadFailure> = await withCheckedContinuation { continuation in
            let task = session.dataTask(with: request) { data, response, error in
                continuation.resume(returning: Self.result(data, response, error, url))
            }
            task.resume()
        }
        return try result.get()
    }

    private static func result(
        _ data: Data?, _ response: URLResponse?, _ error: (any Error)?, _ url: URL
    ) -> Result<Answer, LoadFailure> {
        guard error == nil, let response = response as? HTTPURLResponse else {
            let host = "\(url.host ?? "?"):\(url.port ?? (url.scheme == "https" ? 443 : 80))"
            let reason = error.map { ($0 as NSError).localizedDescription } ?? "no answer"
            return .failure(LoadFailure("can't reach \(host): \(reason)"))
        }
        return .success(
            Answer(
                status: response.statusCode, body: data ?? Data(),
                location: response.value(forHTTPHeaderField: "Location"),
                contentType: response.value(forHTTPHeaderField: "Content-Type") ?? ""))
    }

    func close() { session.finishTasksAndInvalidate() }
}
