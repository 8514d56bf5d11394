/// An opaque name of something, as clients see it: 8 to 64 characters of `[A-Za-z0-9_-]` (docs/protocol.md).
///
/// Each kind of thing has a type of its own, so that a viewer's name can't be taken for a stream's.
package struct Identifier<Kind>: Hashable, Sendable {
    package let text: String

    /// Nil when `text` isn't 8 to 64 characters of `[A-Za-z0-9_-]`.
    package init?(_ text: String) {
        guard (8...64).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed) else { return nil }
        self.text = text
    }

    /// A new name with 96 random bits: 16 characters of the URL-safe base64 alphabet.
    package init(using generator: inout some RandomNumberGenerator) {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        var text = ""
        for half in [generator.next(), generator.next()] {
            for digit in 0..<8 { text.append(alphabet[Int(truncatingIfNeeded: (half >> (6 * digit)) & 63)]) }
        }
        self.text = text
    }

    /// A new name from the system's random generator.
    package static func random() -> Self {
        var generator = SystemRandomNumberGenerator()
        return Self(using: &generator)
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

extension Identifier: CustomStringConvertible {
    package var description: String { text }
}

extension Identifier: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let identifier = Self(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "an identifier is 8 to 64 characters of A-Z a-z 0-9 _ -")
        }
        self = identifier
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// Names a livestream.
package typealias StreamID = Identifier<Livestream>
/// Names one session of a person: a customer's is its viewer id. Made anew at a `join` that resumes none.
package typealias ClientID = Identifier<ClientRole>
/// Names a chat message.
package typealias MessageID = Identifier<ChatMessage>
/// Names a product of a livestream.
package typealias ProductID = Identifier<Product>
