internal import Foundation

/// Text as people see it: what has no shape, or changes the order of what has, isn't seen and must not decide.
package enum VisibleText {
    /// Whether there is anything to see: letters, signs or pictures, not blanks and what takes no room.
    package static func isBlank(_ text: String) -> Bool { !text.unicodeScalars.contains(where: isVisible) }

    /// Without the marks that turn the order of other people's words (Unicode's bidirectional overrides, embeddings and
    /// isolates, UAX #9): each line finds its own direction.
    package static func withoutTurns(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isTurn) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.filter { !isTurn($0) }))
    }

    /// A name in one line, as others may see it: without what can't be seen, but for the joiners that scripts and emoji
    /// need between two signs; at most `limit` scalars.
    package static func name(_ text: String, limit: Int) -> String {
        let scalars = Array(text.unicodeScalars)
        var kept: [Unicode.Scalar] = []
        for (index, scalar) in scalars.enumerated() where kept.count < limit {
            if isJoiner(scalar) {
                guard let before = kept.last, isVisible(before), index + 1 < scalars.count,
                    isVisible(scalars[index + 1])
                else { continue }
                kept.append(scalar)
            } else if scalar.properties.isWhitespace {
                kept.append(" ")
            } else if isVisible(scalar) || isSelector(scalar) || scalar.properties.isGraphemeExtend {
                kept.append(scalar)
            }
        }
        let words = String(String.UnicodeScalarView(kept)).split(separator: " ").joined(separator: " ")
        return isBlank(words) ? "" : words
    }

    /// The same for all spellings that look alike: of one form (NFKC), without case and without what can't be seen.
    package static func key(_ text: String) -> String {
        let seen = text.unicodeScalars.filter {
            isVisible($0) || $0.properties.isWhitespace || $0.properties.isGraphemeExtend
        }
        let folded = String(String.UnicodeScalarView(seen)).precomposedStringWithCompatibilityMapping
            .lowercased().precomposedStringWithCanonicalMapping
        return folded.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// Whether a name looks like this word of Latin letters, with letters of other scripts that look the same.
    package static func looksLike(_ name: String, _ word: String) -> Bool {
        let plain = key(name).decomposedStringWithCompatibilityMapping.unicodeScalars.filter {
            !$0.properties.isGraphemeExtend && !$0.properties.isWhitespace && $0.properties.isAlphabetic || $0 == "0"
        }
        return String(String.UnicodeScalarView(plain.map { lookalikes[$0] ?? $0 })) == word.lowercased()
    }

    /// Letters that are drawn like Latin ones (after Unicode's confusables, UTS #39).
    private static let lookalikes: [Unicode.Scalar: Unicode.Scalar] = [
        "н": "h", "һ": "h", "η": "h", "о": "o", "ο": "o", "օ": "o", "0": "o", "ѕ": "s", "т": "t", "τ": "t", "ք": "h",
    ]

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        let properties = scalar.properties
        // The blank pattern of Braille is a sign without dots.
        guard !properties.isDefaultIgnorableCodePoint, !properties.isWhitespace, scalar != "\u{2800}" else {
            return false
        }
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: return false
        case .nonspacingMark, .enclosingMark: return false  // alone they are on nothing
        default: return true
        }
    }

    private static func isTurn(_ scalar: Unicode.Scalar) -> Bool {
        (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
    }

    private static func isJoiner(_ scalar: Unicode.Scalar) -> Bool { scalar == "\u{200C}" || scalar == "\u{200D}" }

    /// Chooses between a sign as text and as a picture.
    private static func isSelector(_ scalar: Unicode.Scalar) -> Bool { scalar == "\u{FE0E}" || scalar == "\u{FE0F}" }
}
