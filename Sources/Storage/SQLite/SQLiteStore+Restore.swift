import GRDB
package import Wire

extension SQLiteStore {
    package func restore(_ stream: Livestream) async throws(StoreError) {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO livestreams (id, title, description, status, created_at, scheduled_at, started_at,
                        ended_at, peak_viewer_count, delivery_mode, max_direct_viewers, recording_status,
                        recording_mime_type, recording_size_bytes, recording_duration_ms,
                        recording_runs)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET title = excluded.title, description = excluded.description,
                        status = excluded.status, created_at = excluded.created_at,
                        scheduled_at = excluded.scheduled_at, started_at = excluded.started_at,
                        ended_at = excluded.ended_at, peak_viewer_count = excluded.peak_viewer_count,
                        delivery_mode = excluded.delivery_mode, max_direct_viewers = excluded.max_direct_viewers,
                        recording_status = excluded.recording_status,
                        recording_mime_type = excluded.recording_mime_type,
                        recording_size_bytes = excluded.recording_size_bytes,
                        recording_duration_ms = excluded.recording_duration_ms,
                        recording_runs = excluded.recording_runs
                    """,
                arguments: [
                    stream.id.text, stream.title, stream.description, stream.status.rawValue,
                    stream.createdAt.milliseconds, stream.scheduledAt?.milliseconds, stream.startedAt?.milliseconds,
                    stream.endedAt?.milliseconds, stream.peakViewerCount, stream.delivery.mode.rawValue,
                    stream.delivery.maxDirectViewers, stream.recording?.status.rawValue, stream.recording?.mimeType,
                    stream.recording?.sizeBytes, stream.recording?.durationMS,
                    stream.recording?.runs.column,
                ])
        }
    }

    package func restore(_ product: Product, of id: StreamID) async throws(StoreError) {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO products (id, stream, title, amount, currency, image_url, url)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET title = excluded.title, amount = excluded.amount,
                        currency = excluded.currency, image_url = excluded.image_url, url = excluded.url
                    WHERE stream = excluded.stream
                    """,
                arguments: [
                    product.id.text, db.sequence(of: id), product.title, product.price.amount, product.price.currency,
                    product.imageURL, product.url,
                ])
            guard db.changesCount == 1 else { throw StoreError.conflict(reason: "The id is taken.") }
            try db.execute(
                sql: "DELETE FROM pins WHERE product = (SELECT seq FROM products WHERE id = ?)",
                arguments: [product.id.text])
            for pin in product.pins {
                try db.execute(
                    sql: "INSERT INTO pins (product, at_ms, until_ms) SELECT seq, ?, ? FROM products WHERE id = ?",
                    arguments: [pin.atMS, pin.untilMS, product.id.text])
            }
        }
    }
}
