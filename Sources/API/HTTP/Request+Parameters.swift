internal import Foundation
import HTTPTypes
import Hummingbird
import Storage
import Wire

extension VitrineContext {
    /// The identifier that the path names. One of the wrong form names nothing, so it is a 404 like any unknown one.
    func identifier<Kind>(_ name: String, of what: String) throws -> Identifier<Kind> {
        guard let identifier = parameters.get(name).flatMap(Identifier<Kind>.init) else {
            throw Problem.notFound(what)
        }
        return identifier
    }

    func streamID() throws -> StreamID { try identifier("id", of: "livestream") }
    func productID() throws -> ProductID { try identifier("product_id", of: "product") }
}

extension Request {
    /// Whether the body has this type, in any case and with any parameters (RFC 9110, section 8.3.1).
    func hasMediaType(_ type: String) -> Bool {
        let essence = (headers[.contentType] ?? "").prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }
        return essence.lowercased() == type
    }

    /// A query parameter's text; nil when it is left out. A plus is a blank, as forms and many clients write it
    /// (application/x-www-form-urlencoded, WHATWG URL).
    func query(_ name: String) -> String? {
        for pair in (uri.query ?? "").split(separator: "&") {
            let words = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard Self.decoded(words[0]) == name else { continue }
            return words.count == 2 ? Self.decoded(words[1]) : ""
        }
        return nil
    }

    private static func decoded(_ text: Substring) -> String {
        let spaced = text.replacing("+", with: " ")
        return spaced.removingPercentEncoding ?? String(spaced)
    }

    /// A query parameter that is a number within `range`; nil when it is left out. Throws a 422 for anything else.
    func query(_ name: String, in range: ClosedRange<Int64>) throws -> Int64? {
        guard let text = query(name) else { return nil }
        guard let number = Int64(text), range.contains(number) else {
            throw Problem.invalid(
                "The parameter \"\(name)\" is a whole number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    /// Which part of a list is asked for: `?limit=` (20 when left out) and `?cursor=`.
    func page() throws -> PageRequest {
        let allowed = PageRequest.allowedLimit
        let limit = try query("limit", in: Int64(allowed.lowerBound)...Int64(allowed.upperBound))
        return PageRequest(limit: Int(limit ?? 20), cursor: query("cursor"))
    }

    /// A span of the stream's clock: `?from_ms=` and `?to_ms=`, both ends belonging to it; nil when both are left out.
    func clockSpan() throws -> ClosedRange<Int64>? {
        let allowed: ClosedRange<Int64> = 0...(1 << 52)
        let from = try query("from_ms", in: allowed)
        let to = try query("to_ms", in: allowed)
        guard from != nil || to != nil else { return nil }
        let (lower, upper) = (from ?? allowed.lowerBound, to ?? allowed.upperBound)
        guard lower <= upper else { throw Problem.invalid("\"from_ms\" must not be greater than \"to_ms\".") }
        return lower...upper
    }
}

/// A part of a list as clients read it.
struct ListJSON<Item: Encodable>: Encodable {
    let page: Page<Item>

    private enum CodingKeys: String, CodingKey {
        case items
        case nextCursor = "next_cursor"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(page.items, forKey: .items)
        try container.encode(page.nextCursor, forKey: .nextCursor)
    }
}
