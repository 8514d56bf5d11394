/// One thing that somebody said in a show's chat.
package struct ChatMessage: Equatable, Sendable {
    package static let allowedCharacters = 1...500
    /// Of a customer who gave no name, or whose name was erased.
    package static let anonymousName = "Guest"

    package var id: MessageID
    package var name: String
    package var text: String
    package var at: Timestamp
    /// Where on the stream's clock it was said, in milliseconds.
    package var atMS: Int64
    /// Who said it: lets a page mark what the host says.
    package var role: ClientRole

    package init(id: MessageID, name: String, text: String, at: Timestamp, atMS: Int64, role: ClientRole) {
        self.id = id
        self.name = name
        self.text = text
        self.at = at
        self.atMS = atMS
        self.role = role
    }
}

extension ChatMessage: Codable {
    private enum CodingKeys: String, CodingKey {
        case id, name, text, at, role
        case atMS = "at_ms"
    }
}
