import GRDB
import Wire

/// A place in a list that is ordered by a time, and by row number within one time: behind this row.
struct TimePosition {
    let time: Int64
    let sequence: Int64

    /// Behind every row.
    static let end = Self(time: .max, sequence: .max)

    /// The cursor of rows that are ordered by `column`.
    static func cursor(by column: String) -> (Row) -> String {
        { row in "\(row[column] as Int64)_\(row["seq"] as Int64)" }
    }
}

extension PageRequest {
    /// The row behind which a list in row order goes on; nil at its beginning.
    var sequence: Int64? {
        get throws {
            guard let cursor else { return nil }
            guard let sequence = Int64(cursor), sequence >= 0 else { throw StoreError.badCursor }
            return sequence
        }
    }

    /// The place behind which a list in the order of time goes on; nil at its beginning.
    var timePosition: TimePosition? {
        get throws {
            guard let cursor else { return nil }
            let parts = cursor.split(separator: "_", omittingEmptySubsequences: false)
            guard parts.count == 2, let time = Int64(parts[0]), let sequence = Int64(parts[1]) else {
                throw StoreError.badCursor
            }
            return TimePosition(time: time, sequence: sequence)
        }
    }
}

extension Page {
    /// One row more than `limit` was asked for: it tells whether the list goes on.
    init(
        rows: [Row], limit: Int, cursor: (Row) -> String = { "\($0["seq"] as Int64)" }, item: (Row) throws -> Item
    ) throws {
        let shown = rows.prefix(limit)
        self.init(items: try shown.map(item), nextCursor: rows.count > limit ? shown.last.map(cursor) : nil)
    }
}
