/// Fields in order: a command's first field is its name.
struct BSONDocument: Equatable, Sendable {
    struct Field: Equatable, Sendable {
        var key: String
        var value: BSONValue
    }

    var fields: [Field]

    init(_ elements: [(String, BSONValue)] = []) {
        fields = elements.map { Field(key: $0.0, value: $0.1) }
    }

    /// The first field of this name. Setting nil takes it away.
    subscript(key: String) -> BSONValue? {
        get { fields.first { $0.key == key }?.value }
        set {
            let place = fields.firstIndex { $0.key == key }
            switch (place, newValue) {
            case (let place?, let value?): fields[place].value = value
            case (let place?, nil): fields.remove(at: place)
            case (nil, let value?): fields.append(Field(key: key, value: value))
            case (nil, nil): break
            }
        }
    }
}

extension BSONDocument: ExpressibleByDictionaryLiteral {
    init(dictionaryLiteral elements: (String, BSONValue)...) { self.init(elements) }
}
