import Wire

/// A place in a list that is ordered by a time, and by sequence number within one time: behind this record.
struct TimePosition {
    let time: Int64
    let sequence: Int64

    /// Behind every record.
    static let end = Self(time: .max, sequence: .max)

    var cursor: String { "\(time)_\(sequence)" }
}

extension PageRequest {
    /// The sequence number behind which a list in that order goes on; nil at its beginning.
    var sequence: Int64? {
        get throws(StoreError) {
            guard let cursor else { return nil }
            guard let sequence = Int64(cursor), sequence >= 0 else { throw StoreError.badCursor }
            return sequence
        }
    }

    /// The place behind which a list in the order of time goes on; nil at its beginning.
    var timePosition: TimePosition? {
        get throws(StoreError) {
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
    /// One record more than `limit` was asked for: it tells whether the list goes on.
    init<Record, Failure: Error>(
        records: [Record], limit: Int, cursor: (Record) -> String, item: (Record) throws(Failure) -> Item
    ) throws(Failure) {
        let shown = records.prefix(limit)
        self.init(items: try shown.map(item), nextCursor: records.count > limit ? shown.last.map(cursor) : nil)
    }
}
