import GRDB

/// The tables, and how an older file becomes one of today's.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("v1") { db in
            try db.execute(sql: livestreams)
            try db.execute(sql: chat)
            try db.execute(sql: likes)
            try db.execute(sql: products)
        }
        migrator.registerMigration("v2") { db in try db.execute(sql: retention) }
        migrator.registerMigration("v3") { db in try db.execute(sql: identity) }
        return migrator
    }

    /// Which store it is, and the runs of which a recording is made, as JSON.
    private static let identity = """
        CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT;
        ALTER TABLE livestreams ADD COLUMN recording_runs TEXT;
        """

    /// For what is kept for a time only: the oldest messages of all shows, and the shows whose recordings may go.
    private static let retention = """
        CREATE INDEX chat_messages_by_time ON chat_messages (at);
        CREATE INDEX livestreams_recorded ON livestreams (ended_at) WHERE recording_status IS NOT NULL;
        """

    /// The list goes newest first, of all or of one status; `seq` keeps the order of two made in one millisecond.
    private static let livestreams = """
        CREATE TABLE livestreams (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            title TEXT NOT NULL,
            description TEXT NOT NULL,
            status TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            scheduled_at INTEGER,
            started_at INTEGER,
            ended_at INTEGER,
            likes INTEGER NOT NULL DEFAULT 0,
            peak_viewer_count INTEGER NOT NULL DEFAULT 0,
            delivery_mode TEXT NOT NULL,
            max_direct_viewers INTEGER NOT NULL,
            recording_status TEXT,
            recording_mime_type TEXT,
            recording_size_bytes INTEGER,
            recording_duration_ms INTEGER
        ) STRICT;
        CREATE INDEX livestreams_by_time ON livestreams (created_at, seq);
        CREATE INDEX livestreams_by_status ON livestreams (status, created_at, seq);
        """

    /// `stream, seq` is for paging in the order of writing, `stream, at_ms, seq` for the replay's spans.
    private static let chat = """
        CREATE TABLE chat_messages (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            stream INTEGER NOT NULL REFERENCES livestreams (seq) ON DELETE CASCADE,
            name TEXT NOT NULL,
            text TEXT NOT NULL,
            at INTEGER NOT NULL,
            at_ms INTEGER NOT NULL,
            role TEXT NOT NULL
        ) STRICT;
        CREATE INDEX chat_messages_in_order ON chat_messages (stream, seq);
        CREATE INDEX chat_messages_by_clock ON chat_messages (stream, at_ms, seq);
        """

    /// `stream, at_ms, seq` is for the replay, which counts the likes up at their time.
    private static let likes = """
        CREATE TABLE likes (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            stream INTEGER NOT NULL REFERENCES livestreams (seq) ON DELETE CASCADE,
            count INTEGER NOT NULL,
            at_ms INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX likes_by_clock ON likes (stream, at_ms, seq);
        """

    /// `stream, seq` lists a show's products, `product, seq` a product's pins; the partial index finds what is pinned
    /// now, and lets a product be pinned only once.
    private static let products = """
        CREATE TABLE products (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            stream INTEGER NOT NULL REFERENCES livestreams (seq) ON DELETE CASCADE,
            title TEXT NOT NULL,
            amount TEXT NOT NULL,
            currency TEXT NOT NULL,
            image_url TEXT,
            url TEXT
        ) STRICT;
        CREATE INDEX products_in_order ON products (stream, seq);
        CREATE TABLE pins (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            product INTEGER NOT NULL REFERENCES products (seq) ON DELETE CASCADE,
            at_ms INTEGER NOT NULL,
            until_ms INTEGER
        ) STRICT;
        CREATE INDEX pins_by_product ON pins (product, seq);
        CREATE UNIQUE INDEX pins_open ON pins (product) WHERE until_ms IS NULL;
        """
}
