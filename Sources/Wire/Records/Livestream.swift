/// One show: what REST, signaling and the store call the record (docs/protocol.md, part 2).
package struct Livestream: Equatable, Sendable {
    package enum Status: String, Codable, CaseIterable, Sendable {
        case scheduled, live, ended
    }

    package var id: StreamID
    package var title: String
    package var description: String
    package var status: Status
    package var createdAt: Timestamp
    package var scheduledAt: Timestamp?
    package var startedAt: Timestamp?
    package var endedAt: Timestamp?
    package var likes: Int
    /// Customers that have joined and are there now. Known to the room, not to the store.
    package var viewerCount: Int
    /// Who is on air. Known to the room, not to the store.
    package var broadcaster: Broadcaster?
    package var peakViewerCount: Int
    package var delivery: Delivery
    /// What is pinned now, in the order in which it was pinned.
    package var pinnedProducts: [Product]
    package var recording: Recording?
    /// What the address of its replay has behind it for who may have that; nil where everybody may.
    package var replayQuery: String?

    /// A show that has not begun.
    package init(
        id: StreamID, title: String, description: String = "", createdAt: Timestamp, scheduledAt: Timestamp? = nil,
        delivery: Delivery = Delivery()
    ) {
        self.id = id
        self.title = title
        self.description = description
        self.status = .scheduled
        self.createdAt = createdAt
        self.scheduledAt = scheduledAt
        self.likes = 0
        self.viewerCount = 0
        self.peakViewerCount = 0
        self.delivery = delivery
        self.pinnedProducts = []
    }

    /// The stream's clock at `now`, in milliseconds: 0 before the start, standing still after the end.
    package func clock(at now: Timestamp) -> Int64 {
        guard let startedAt else { return 0 }
        return max(0, min(now, endedAt ?? now).milliseconds(since: startedAt))
    }
}

/// Where a live show's picture comes from.
package enum Broadcaster: String, Codable, Sendable {
    case studio, encoder
}

/// How the picture may reach the viewers of a show.
package struct Delivery: Codable, Equatable, Sendable {
    package enum Mode: String, Codable, Sendable {
        /// Directly where that works and the admin's uplink has room, by the relay otherwise.
        case auto
        /// Never by the relay.
        case direct
        /// Never directly.
        case relay
    }

    package static let allowedDirectViewers = 0...64

    package var mode: Mode
    /// How many viewers at once are tried directly: each costs the admin one upload of the picture.
    package var maxDirectViewers: Int

    package init(mode: Mode = .auto, maxDirectViewers: Int = 4) {
        self.mode = mode
        self.maxDirectViewers = maxDirectViewers
    }

    private enum CodingKeys: String, CodingKey {
        case mode
        case maxDirectViewers = "max_direct_viewers"
    }
}

/// What is known of a show's recording.
package struct Recording: Equatable, Sendable {
    package enum Status: String, Codable, Sendable {
        /// A device has recorded what it hasn't brought yet.
        case waiting
        case uploading, processing, ready, failed
    }

    package var status: Status
    package var mimeType: String
    package var sizeBytes: Int64
    package var durationMS: Int64
    /// What it is made of, in the order in which it was recorded; empty for one that came as a whole.
    package var runs: RecordingRuns

    package init(
        status: Status, mimeType: String, sizeBytes: Int64 = 0, durationMS: Int64 = 0, runs: RecordingRuns = .init()
    ) {
        self.runs = runs
        self.status = status
        self.mimeType = mimeType
        self.sizeBytes = sizeBytes
        self.durationMS = durationMS
    }
}
