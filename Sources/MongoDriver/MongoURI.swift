private import CMongoC

/// A `mongodb://` or `mongodb+srv://` URI, with the limits of time that Vitrine wants where it says nothing of them.
package struct MongoURI: Sendable {
    /// Checked, and never to be shown: it may hold a password.
    let text: String
    /// The database that the URI names, or `vitrine`.
    package let database: String
    /// Servers and database alone, for logs.
    package let shown: String
    /// How many connections, and threads that use them.
    let poolSize: Int
    let selectionTimeout: Duration

    /// Throws `.badURI` with a sentence that holds nothing of the URI's secrets.
    package init(_ text: String) throws(MongoFailure) {
        guard text.hasPrefix("mongodb://") || text.hasPrefix("mongodb+srv://") else {
            throw .badURI("a URI of MongoDB begins with mongodb:// or mongodb+srv://")
        }
        MongoPool.startDriver()
        var error = bson_error_t()
        guard let uri = mongoc_uri_new_with_error(text, &error) else {
            throw .badURI("the URI of MongoDB can't be understood; names and passwords in it are percent-encoded")
        }
        defer { mongoc_uri_destroy(uri) }
        self.text = text
        database = mongoc_uri_get_database(uri).map { String(cString: $0) } ?? "vitrine"
        shown = "\(Self.servers(of: text))/\(database)"
        poolSize = min(max(1, Int(mongoc_uri_get_option_as_int32(uri, "maxpoolsize", 8))), 64)
        selectionTimeout = .milliseconds(
            Int(mongoc_uri_get_option_as_int32(uri, "serverselectiontimeoutms", Self.defaults[0].milliseconds)))
    }

    /// A server that is away is noticed in seconds, not in the driver's half a minute, or five for a silent one.
    static let defaults: [(option: String, milliseconds: Int32)] = [
        ("serverselectiontimeoutms", 3_000), ("connecttimeoutms", 3_000), ("sockettimeoutms", 10_000),
    ]

    /// Scheme and hosts, without what is before the `@` and behind the `/` or `?`.
    private static func servers(of text: String) -> String {
        let parts = text.split(separator: "//", maxSplits: 1, omittingEmptySubsequences: false)
        let authority = parts[1].prefix { $0 != "/" && $0 != "?" }
        return "\(parts[0])//\(authority.split(separator: "@", omittingEmptySubsequences: false).last ?? "")"
    }
}

extension MongoURI: CustomStringConvertible, CustomDebugStringConvertible {
    package var description: String { shown }
    package var debugDescription: String { shown }
}
