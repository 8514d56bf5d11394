/// A value of a MongoDB document (bsonspec.org, version 1.1), as far as Vitrine writes it or may have to read past it.
enum BSONValue: Equatable, Sendable {
    case double(Double)
    case string(String)
    case document(BSONDocument)
    case array([BSONValue])
    case bool(Bool)
    /// Milliseconds since 1970.
    case dateTime(Int64)
    case null
    case int32(Int32)
    case int64(Int64)
    /// What only servers write: object ids, timestamps, binary. Kept as it came.
    case other(type: UInt8, bytes: [UInt8])
}

extension BSONValue {
    /// A whole number, in whichever of the three types it came: a server keeps 64 bits, a person in a shell may not.
    var integer: Int64? {
        switch self {
        case .int64(let number): number
        case .int32(let number): Int64(number)
        case .double(let number): Int64(exactly: number)
        default: nil
        }
    }

    var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    var document: BSONDocument? {
        guard case .document(let document) = self else { return nil }
        return document
    }

    var array: [BSONValue]? {
        guard case .array(let values) = self else { return nil }
        return values
    }
}

extension BSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral {
    init(stringLiteral value: String) { self = .string(value) }
    init(booleanLiteral value: Bool) { self = .bool(value) }
    init(integerLiteral value: Int64) { self = .int64(value) }
}

extension BSONValue: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral {
    init(dictionaryLiteral elements: (String, BSONValue)...) { self = .document(BSONDocument(elements)) }
    init(arrayLiteral elements: BSONValue...) { self = .array(elements) }
}
