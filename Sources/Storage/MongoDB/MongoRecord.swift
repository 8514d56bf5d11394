import Wire

/// A document as it was found, and reading its fields with their types.
struct MongoRecord {
    /// As in "livestream": for what is said of a document that can't be understood.
    let kind: String
    let fields: BSONDocument

    /// Somebody else has written into the database.
    var unreadable: StoreError { .unavailable(reason: "a document of the store holds no valid \(kind)") }

    func value<Value>(_ value: Value?) throws(StoreError) -> Value {
        guard let value else { throw unreadable }
        return value
    }

    func text(_ key: String) throws(StoreError) -> String { try value(fields[key]?.string) }

    func integer(_ key: String) throws(StoreError) -> Int64 { try value(fields[key]?.integer) }

    func optionalText(_ key: String) throws(StoreError) -> String? { try isNull(key) ? nil : text(key) }

    func optionalInteger(_ key: String) throws(StoreError) -> Int64? { try isNull(key) ? nil : integer(key) }

    func time(_ key: String) throws(StoreError) -> Timestamp {
        guard case .dateTime(let milliseconds) = fields[key] else { throw unreadable }
        return Timestamp(milliseconds: milliseconds)
    }

    func optionalTime(_ key: String) throws(StoreError) -> Timestamp? { try isNull(key) ? nil : time(key) }

    func record(_ key: String, _ kind: String) throws(StoreError) -> MongoRecord {
        MongoRecord(kind: kind, fields: try value(fields[key]?.document))
    }

    private func isNull(_ key: String) -> Bool { (fields[key] ?? .null) == .null }
}

extension BSONValue {
    init(_ text: String?) { self = text.map { .string($0) } ?? .null }
    init(_ time: Timestamp?) { self = time.map { .dateTime($0.milliseconds) } ?? .null }
    init(_ number: Int) { self = .int64(Int64(number)) }
}
