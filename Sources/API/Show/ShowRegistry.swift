import Logging
import SFU
import Signaling
import Storage
import Wire

/// The shows that somebody attends, by name. A show comes into memory with its first client and goes when it idles.
actor ShowRegistry {
    /// How much of what was stored last is remembered, so that what clients send again counts once.
    private static let chatSentAgain = 500
    private static let likesSentAgain = 2_000
    private static let likesSentAgainMS: Int64 = 60_000

    private let store: any LivestreamStore
    private let clock: ServerClock
    private let configuration: RoomConfiguration
    private let backlogLimit: Int
    private let relay: Relay
    /// Signs the addresses of replays where viewers need tokens.
    private let replays: ReplaySignature?
    /// Called when a show's end is in the store.
    private let onEnded: @Sendable (StreamID) async -> Void
    private let metrics: ServerMetrics
    private let logger: Logger
    private var shows: [StreamID: Show] = [:]
    private var openings: [StreamID: Reading<Result<Show, StoreError>>] = [:]
    private var refreshes: [StreamID: Reading<Void>] = [:]

    /// What is being read of a show from the store, once for all who wait for it.
    private struct Reading<Value: Sendable> {
        let task: Task<Value, Never>
        /// Something has changed since the reading began: it begins again.
        var isOutdated = false
    }

    init(
        store: any LivestreamStore, clock: ServerClock, configuration: RoomConfiguration,
        backlogLimit: Int, relay: Relay, replays: ReplaySignature?,
        onEnded: @escaping @Sendable (StreamID) async -> Void, metrics: ServerMetrics, logger: Logger
    ) {
        self.store = store
        self.clock = clock
        self.configuration = configuration
        self.backlogLimit = backlogLimit
        self.relay = relay
        self.replays = replays
        self.onEnded = onEnded
        self.metrics = metrics
        self.logger = logger
    }

    /// The show of this name, brought into memory when it isn't there.
    func show(_ id: StreamID) async throws(StoreError) -> Show {
        if let show = shows[id] { return show }
        let opening = openings[id] ?? Reading(task: Task { await open(id) })
        openings[id] = opening
        return try await opening.task.value.get()
    }

    private func open(_ id: StreamID) async -> Result<Show, StoreError> {
        defer { openings[id] = nil }
        do throws(StoreError) {
            var show: Show
            repeat { show = try await read(id) } while openings[id]?.isOutdated == true
            shows[id] = show
            return .success(show)
        } catch {
            return .failure(error)
        }
    }

    private func read(_ id: StreamID) async throws(StoreError) -> Show {
        var stream: Livestream
        var chat: [ChatMessage]
        var likes: [LikeBatch]
        repeat {
            openings[id]?.isOutdated = false
            stream = try await store.livestream(id)
            chat = try await store.latestChat(of: id, limit: Self.chatSentAgain)
            likes = try await recentLikes(of: stream)
        } while openings[id]?.isOutdated == true
        let room = Room(stream: stream, recentChat: chat, recentLikes: likes, configuration: configuration)
        return Show(
            room: room, clock: clock, store: store,
            backlogLimit: backlogLimit, relay: relay, replays: replays, onEnded: onEnded, metrics: metrics,
            logger: logger)
    }

    /// What clients may send again because the server stopped before it could acknowledge it.
    private func recentLikes(of stream: Livestream) async throws(StoreError) -> [LikeBatch] {
        guard stream.status == .live else { return [] }
        let end = stream.clock(at: clock.now)
        var page = PageRequest(limit: 100)
        var likes: [LikeBatch] = []
        repeat {
            let part = try await store.likes(
                of: stream.id, milliseconds: max(0, end - Self.likesSentAgainMS)...max(0, end), page: page)
            likes += part.items
            page.cursor = part.nextCursor
        } while page.cursor != nil && likes.count < Self.likesSentAgain
        return likes
    }

    /// Tells a show whose media the relay shows now.
    func uplinkShown(_ session: RelaySessionID, of stream: StreamID) async {
        guard let show = shows[stream] else { return }
        await show.handle(.uplinkShown(ofStudio: show.isStudio(session)))
    }

    /// Tells a show what one of its viewers gets by the relay.
    func qualityChanged(to quality: ViewingQuality, of session: RelaySessionID, in stream: StreamID) async {
        guard let show = shows[stream], let viewer = show.viewer(behind: session) else { return }
        await show.handle(.qualityChanged(viewer, quality))
    }

    /// Tells a show of something that came by REST, after the store has it: a show that nobody attends learns it there.
    func tell(_ id: StreamID, _ event: RoomEvent) async {
        openings[id]?.isOutdated = true
        await shows[id]?.handle(event)
    }

    /// A livestream is gone: whoever is in it is sent away, and nobody comes in any more.
    func deleted(_ id: StreamID) async {
        openings[id]?.isOutdated = true
        guard let show = shows.removeValue(forKey: id) else { return }
        await show.retire()
    }

    /// Has a show take its record from the store once more, where something was changed. Of several changes at once, the
    /// show is told the last one last.
    func recordChanged(_ id: StreamID) async {
        openings[id]?.isOutdated = true
        refreshes[id]?.isOutdated = true
        let refresh = refreshes[id] ?? Reading(task: Task { await self.refresh(id) })
        refreshes[id] = refresh
        await refresh.task.value
    }

    private func refresh(_ id: StreamID) async {
        defer { refreshes[id] = nil }
        do {
            repeat {
                refreshes[id]?.isOutdated = false
                guard let show = shows[id] else { return }
                await show.handle(.recordChanged(try await store.livestream(id)))
            } while refreshes[id]?.isOutdated == true
        } catch StoreError.unavailable {
            Task {
                try? await Task.sleep(for: .seconds(1))
                await recordChanged(id)
            }
        } catch {
            return  // deleted in the meantime
        }
    }

    /// Tells a show of something that it has to be in memory for.
    func bringIn(_ id: StreamID, _ event: RoomEvent) async throws(StoreError) {
        while true {
            let show = try await show(id)
            if await show.handle(event) { return }
            forget(show)
        }
    }

    /// The viewer behind a session of the relay, when there is one.
    func viewer(behind session: RelaySessionID, of stream: StreamID) -> ClientID? {
        shows[stream]?.viewer(behind: session)
    }

    /// `stream` with what only a room knows: who is there now.
    func current(_ stream: Livestream) async -> Livestream {
        guard let known = await shows[stream.id]?.stream else { return stream }
        var stream = stream
        stream.viewerCount = known.viewerCount
        stream.broadcaster = known.broadcaster
        stream.peakViewerCount = max(stream.peakViewerCount, known.peakViewerCount)
        return stream
    }

    /// Whether the shows that were live are back.
    private(set) var isRestored = false

    /// Brings the shows back that were live when the server last stopped: their admins may return, or their grace ends.
    /// Waits for a store that is away.
    func restore() async {
        var delay: Int64 = 250
        while !isRestored, !Task.isCancelled {
            do throws(StoreError) {
                try await restoreLive()
                isRestored = true
            } catch {
                logger.error("the store can't be read, it is tried again: \(error)")
                try? await Task.sleep(for: .milliseconds(delay))
                delay = min(4_000, 2 * delay)
            }
        }
    }

    private func restoreLive() async throws(StoreError) {
        var page = PageRequest(limit: 100)
        repeat {
            let streams = try await store.livestreams(status: .live, page: page)
            for stream in streams.items {
                logger.info("show was live when the server stopped", metadata: ["stream": "\(stream.id)"])
                try await bringIn(stream.id, .deadline)  // its admin may not come back
            }
            page.cursor = streams.nextCursor
        } while page.cursor != nil
    }

    /// Lets go of a show that takes nobody in any more.
    func forget(_ show: Show) {
        if shows[show.id] === show { shows[show.id] = nil }
    }

    /// Lets go of the shows that nobody attends.
    func sweep() async {
        for show in shows.values where await show.retireIfIdle() { forget(show) }
    }

    func close() async {
        for show in shows.values { await show.close() }
    }
}
