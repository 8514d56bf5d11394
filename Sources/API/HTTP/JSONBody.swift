internal import Foundation
import Hummingbird
import NIOCore
import NIOFoundationCompat

/// The one way in which the API reads JSON: with a bound, and with an error that names the field.
enum JSONBody {
    static let maximumBytes = 1 << 20

    /// Throws a `Problem`: 400 for what is no JSON, 413 for too much of it, 422 for a field that is missing or wrong.
    static func decode<Value: Decodable>(_: Value.Type, from request: Request) async throws -> Value {
        var buffer = try await request.body.collect(upTo: maximumBytes)
        let data = buffer.readData(length: buffer.readableBytes) ?? Data()
        do {
            return try JSONDecoder().decode(Value.self, from: data)
        } catch let error as DecodingError {
            throw problem(for: error)
        }
    }

    private static func problem(for error: DecodingError) -> Problem {
        switch error {
        case .keyNotFound(let key, let context):
            return .invalid("The field \"\(name(context.codingPath + [key]))\" is missing.")
        case .typeMismatch(_, let context):
            return .invalid("The field \"\(name(context.codingPath))\" has the wrong type.")
        case .valueNotFound(_, let context):
            return .invalid("The field \"\(name(context.codingPath))\" must not be null.")
        case .dataCorrupted(let context) where !context.codingPath.isEmpty:
            return .invalid("The field \"\(name(context.codingPath))\" is wrong: \(context.debugDescription).")
        case .dataCorrupted: return Problem(.badRequest, "The body is no valid JSON.")
        @unknown default: return Problem(.badRequest, "The body can't be read.")
        }
    }

    private static func name(_ path: [any CodingKey]) -> String {
        path.isEmpty ? "(the whole)" : path.map(\.stringValue).joined(separator: ".")
    }
}
