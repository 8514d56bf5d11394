import GRDB
package import Wire

extension SQLiteStore {
    package func create(_ stream: Livestream) async throws(StoreError) {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO livestreams (id, title, description, status, created_at, scheduled_at, started_at,
                        ended_at, likes, peak_viewer_count, delivery_mode, max_direct_viewers)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    stream.id.text, stream.title, stream.description, stream.status.rawValue,
                    stream.createdAt.milliseconds, stream.scheduledAt?.milliseconds, stream.startedAt?.milliseconds,
                    stream.endedAt?.milliseconds, stream.likes, stream.peakViewerCount,
                    stream.delivery.mode.rawValue, stream.delivery.maxDirectViewers,
                ])
        }
    }

    package func livestream(_ id: StreamID) async throws(StoreError) -> Livestream {
        try await read { db in try db.livestream(id) }
    }

    package func livestreams(
        status: Livestream.Status?, page: PageRequest
    ) async throws(StoreError) -> Page<Livestream> {
        try await read { db in
            let rows = try db.livestreams(
                status: status, before: page.timePosition ?? .end, limit: page.limit + 1)
            return try Page(rows: rows, limit: page.limit, cursor: TimePosition.cursor(by: "created_at")) { row in
                try Livestream(row: row, in: db)
            }
        }
    }

    package func update(
        _ id: StreamID, with changes: LivestreamChanges
    ) async throws(StoreError) -> Livestream {
        try await write { db in
            var stream = try db.livestream(id)
            stream.title = changes.title ?? stream.title
            stream.description = changes.description ?? stream.description
            stream.scheduledAt = changes.scheduledAt ?? stream.scheduledAt
            stream.delivery.mode = changes.deliveryMode ?? stream.delivery.mode
            stream.delivery.maxDirectViewers = changes.maxDirectViewers ?? stream.delivery.maxDirectViewers
            try db.execute(
                sql: """
                    UPDATE livestreams SET title = ?, description = ?, scheduled_at = ?, delivery_mode = ?,
                        max_direct_viewers = ? WHERE id = ?
                    """,
                arguments: [
                    stream.title, stream.description, stream.scheduledAt?.milliseconds, stream.delivery.mode.rawValue,
                    stream.delivery.maxDirectViewers, id.text,
                ])
            return stream
        }
    }

    package func delete(_ id: StreamID) async throws(StoreError) {
        try await write { db in
            guard try db.livestream(id).status != .live else {
                throw StoreError.conflict(reason: "The show is live: end it first.")
            }
            try db.execute(sql: "DELETE FROM livestreams WHERE id = ?", arguments: [id.text])
        }
    }

    package func setRecording(_ recording: Recording?, of id: StreamID) async throws(StoreError) {
        try await write { db in
            try db.execute(
                sql: """
                    UPDATE livestreams SET recording_status = ?, recording_mime_type = ?, recording_size_bytes = ?,
                        recording_duration_ms = ?, recording_runs = ? WHERE id = ?
                    """,
                arguments: [
                    recording?.status.rawValue, recording?.mimeType, recording?.sizeBytes, recording?.durationMS,
                    recording?.runs.column, id.text,
                ])
            guard db.changesCount == 1 else { throw StoreError.notFound(what: "livestream") }
        }
    }

    package func append(_ writes: [ShowWrite], to id: StreamID) async throws(StoreError) {
        try await write { db in
            let stream = try db.sequence(of: id)
            for write in writes { try db.apply(write, to: stream) }
        }
    }
}

extension Database {
    fileprivate func livestreams(status: Livestream.Status?, before: TimePosition, limit: Int) throws -> [Row] {
        guard let status else {
            return try Row.fetchAll(
                self,
                sql: """
                    SELECT * FROM livestreams WHERE (created_at, seq) < (?, ?)
                    ORDER BY created_at DESC, seq DESC LIMIT ?
                    """,
                arguments: [before.time, before.sequence, limit])
        }
        return try Row.fetchAll(
            self,
            sql: """
                SELECT * FROM livestreams WHERE status = ? AND (created_at, seq) < (?, ?)
                ORDER BY created_at DESC, seq DESC LIMIT ?
                """,
            arguments: [status.rawValue, before.time, before.sequence, limit])
    }

    fileprivate func apply(_ write: ShowWrite, to stream: Int64) throws {
        switch write {
        case .started(let time):
            try execute(
                sql: "UPDATE livestreams SET status = 'live', started_at = ? WHERE seq = ? AND status = 'scheduled'",
                arguments: [time.milliseconds, stream])
        case .ended(let time):
            try execute(
                sql: "UPDATE livestreams SET status = 'ended', ended_at = ? WHERE seq = ? AND status = 'live'",
                arguments: [time.milliseconds, stream])
        case .chat(let message): try insert(message, in: stream)
        case .likes(let batch): try insert(batch, in: stream)
        case .peakViewerCount(let count):
            try execute(
                sql: "UPDATE livestreams SET peak_viewer_count = max(peak_viewer_count, ?) WHERE seq = ?",
                arguments: [count, stream])
        }
    }
}
