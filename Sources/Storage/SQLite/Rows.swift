internal import Foundation
import GRDB
import Wire

/// What a row says that this release can't understand: somebody else has written into the file.
private func unreadable(_ what: String) -> StoreError {
    .unavailable(reason: "a row of the store holds no valid \(what)")
}

extension Database {
    /// The row number of a livestream, which the other tables refer to.
    func sequence(of id: StreamID) throws -> Int64 {
        let sequence = try Int64.fetchOne(self, sql: "SELECT seq FROM livestreams WHERE id = ?", arguments: [id.text])
        guard let sequence else { throw StoreError.notFound(what: "livestream") }
        return sequence
    }

    func livestream(_ id: StreamID) throws -> Livestream {
        let row = try Row.fetchOne(self, sql: "SELECT * FROM livestreams WHERE id = ?", arguments: [id.text])
        guard let row else { throw StoreError.notFound(what: "livestream") }
        return try Livestream(row: row, in: self)
    }
}

extension Livestream {
    init(row: Row, in db: Database) throws {
        guard let id = StreamID(row["id"]), let status = Status(rawValue: row["status"]),
            let mode = Delivery.Mode(rawValue: row["delivery_mode"])
        else { throw unreadable("livestream") }
        self.init(
            id: id, title: row["title"], description: row["description"],
            createdAt: Timestamp(milliseconds: row["created_at"]),
            scheduledAt: Timestamp(column: row["scheduled_at"]),
            delivery: Delivery(mode: mode, maxDirectViewers: row["max_direct_viewers"]))
        self.status = status
        startedAt = Timestamp(column: row["started_at"])
        endedAt = Timestamp(column: row["ended_at"])
        likes = row["likes"]
        peakViewerCount = row["peak_viewer_count"]
        recording = try Recording(row: row)
        pinnedProducts = try Row.fetchAll(
            db,
            sql: """
                SELECT products.* FROM products JOIN pins ON pins.product = products.seq AND pins.until_ms IS NULL
                WHERE products.stream = ? ORDER BY pins.seq
                """,
            arguments: [row["seq"] as Int64]
        ).map { try Product(row: $0, in: db) }
    }
}

extension RecordingRuns {
    /// As JSON; nil for none.
    var column: String? {
        guard !isEmpty, let json = try? JSONEncoder().encode(self) else { return nil }
        return String(decoding: json, as: UTF8.self)
    }

    fileprivate init(column text: String?) throws {
        guard let text else {
            self.init()
            return
        }
        do { self = try JSONDecoder().decode(Self.self, from: Data(text.utf8)) } catch { throw unreadable("recording") }
    }
}

extension Recording {
    fileprivate init?(row: Row) throws {
        guard let text = row["recording_status"] as String? else { return nil }
        guard let status = Status(rawValue: text) else { throw unreadable("recording") }
        self.init(
            status: status, mimeType: row["recording_mime_type"] ?? "", sizeBytes: row["recording_size_bytes"] ?? 0,
            durationMS: row["recording_duration_ms"] ?? 0, runs: try RecordingRuns(column: row["recording_runs"]))
    }
}

extension Product {
    init(row: Row, in db: Database) throws {
        guard let id = ProductID(row["id"]), let price = Price(amount: row["amount"], currency: row["currency"]) else {
            throw unreadable("product")
        }
        let pins = try Row.fetchAll(
            db, sql: "SELECT at_ms, until_ms FROM pins WHERE product = ? ORDER BY seq",
            arguments: [row["seq"] as Int64]
        ).map { Pin(atMS: $0["at_ms"], untilMS: $0["until_ms"]) }
        self.init(id: id, title: row["title"], price: price, imageURL: row["image_url"], url: row["url"], pins: pins)
    }
}

extension ChatMessage {
    init(row: Row) throws {
        guard let id = MessageID(row["id"]), let role = ClientRole(rawValue: row["role"]) else {
            throw unreadable("chat message")
        }
        self.init(
            id: id, name: row["name"], text: row["text"], at: Timestamp(milliseconds: row["at"]), atMS: row["at_ms"],
            role: role)
    }
}

extension LikeBatch {
    init(row: Row) throws {
        guard let id = Identifier<LikeBatch>(row["id"]) else { throw unreadable("like") }
        self.init(id: id, count: row["count"], atMS: row["at_ms"])
    }
}

extension Timestamp {
    fileprivate init?(column milliseconds: Int64?) {
        guard let milliseconds else { return nil }
        self.init(milliseconds: milliseconds)
    }
}
