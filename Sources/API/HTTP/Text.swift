/// Checks of what people write into records.
enum Text {
    /// `text` without the white space around it. Throws a 422 when it is empty or longer than `limit` characters.
    static func required(_ text: String, field: String, limit: Int) throws -> String {
        let text = trimmed(text)
        guard !text.isEmpty else { throw Problem.invalid("The field \"\(field)\" must not be empty.") }
        return try bounded(text, field: field, limit: limit)
    }

    /// As it is. Throws a 422 when it is longer than `limit` characters or holds a control character.
    static func bounded(_ text: String, field: String, limit: Int) throws -> String {
        guard text.unicodeScalars.count <= limit else {
            throw Problem.invalid("The field \"\(field)\" may have \(limit) characters at most.")
        }
        let isControl = { (scalar: Unicode.Scalar) in
            scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t" && scalar != "\r"
        }
        guard !text.unicodeScalars.contains(where: isControl) else {
            throw Problem.invalid("The field \"\(field)\" holds a control character.")
        }
        return text
    }

    /// An absolute `http` or `https` URL of at most 2,048 characters: nothing that a page could run.
    static func webURL(_ text: String, field: String) throws -> String {
        let text = try bounded(trimmed(text), field: field, limit: 2_048)
        let lowercased = text.lowercased()
        let rest: Substring
        if lowercased.hasPrefix("https://") {
            rest = text.dropFirst(8)
        } else if lowercased.hasPrefix("http://") {
            rest = text.dropFirst(7)
        } else {
            throw Problem.invalid("The field \"\(field)\" must be an http or https URL.")
        }
        guard let first = rest.first, first != "/", !rest.contains(where: \.isWhitespace) else {
            throw Problem.invalid("The field \"\(field)\" must be an http or https URL.")
        }
        return text
    }

    private static func trimmed(_ text: String) -> String {
        var text = text[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
