internal import Foundation

/// A point in time: whole milliseconds since 1970-01-01T00:00:00Z. In JSON: RFC 3339, UTC, with milliseconds.
package struct Timestamp: Hashable, Comparable, Sendable {
    package var milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// Reads RFC 3339 with or without a fraction, with `Z` or an offset; finer than a millisecond is cut off.
    package init?(rfc3339 text: String) {
        let style = Date.ISO8601FormatStyle(timeZoneSeparator: .colon)
        let date =
            (try? style.year().month().day().time(includingFractionalSeconds: true).timeZone(separator: .colon)
                .parse(text)) ?? (try? style.parse(text))
        guard let date, date.timeIntervalSince1970.magnitude < 253_402_300_800 else { return nil }
        milliseconds = Int64((date.timeIntervalSince1970 * 1_000).rounded())
    }

    package var rfc3339: String {
        // Half a millisecond more: the formatter cuts off, and a Double may lie just below the whole one.
        Date(timeIntervalSince1970: (Double(milliseconds) + 0.5) / 1_000)
            .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    package static func < (left: Self, right: Self) -> Bool { left.milliseconds < right.milliseconds }

    /// This time moved by `milliseconds`.
    package func advanced(byMilliseconds milliseconds: Int64) -> Self {
        Self(milliseconds: self.milliseconds + milliseconds)
    }

    /// The milliseconds from `earlier` to this time; negative when `earlier` is later.
    package func milliseconds(since earlier: Self) -> Int64 { milliseconds - earlier.milliseconds }
}

extension Timestamp: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let time = Self(rfc3339: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a time is written as RFC 3339, like 2026-11-24T18:30:00.000Z")
        }
        self = time
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rfc3339)
    }
}
