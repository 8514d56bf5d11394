import GRDB
import Wire

/// A place in a list in the order of the stream's clock: behind this row.
struct ClockPosition {
    let atMS: Int64
    let sequence: Int64

    static func cursor(of row: Row) -> String {
        "\(row["at_ms"] as Int64)-\(row["seq"] as Int64)"
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

    /// The place behind which a list in the order of the stream's clock goes on; nil at its beginning.
    var clockPosition: ClockPosition? {
        get throws {
            guard let cursor else { return nil }
            let parts = cursor.split(separator: "-", omittingEmptySubsequences: false)
            guard parts.count == 2, let atMS = Int64(parts[0]), let sequence = Int64(parts[1]) else {
                throw StoreError.badCursor
            }
            return ClockPosition(atMS: atMS, sequence: sequence)
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
