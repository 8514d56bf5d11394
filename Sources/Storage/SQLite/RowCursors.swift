import GRDB
import Wire

extension TimePosition {
    /// The cursor of rows that are ordered by `column`.
    static func cursor(by column: String) -> (Row) -> String {
        { row in TimePosition(time: row[column], sequence: row["seq"]).cursor }
    }
}

extension Page {
    init(
        rows: [Row], limit: Int, cursor: (Row) -> String = { "\($0["seq"] as Int64)" }, item: (Row) throws -> Item
    ) throws {
        try self.init(records: rows, limit: limit, cursor: cursor, item: item)
    }
}
