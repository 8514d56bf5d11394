import HTTPTypes
import Hummingbird
import Signaling
import Storage
import Wire

/// `/api/livestreams`: the records of shows.
struct LivestreamRoutes {
    let store: any LivestreamStore
    let shows: ShowRegistry
    let recordings: RecordingLibrary
    let clock: ServerClock
    /// Of shows that don't say.
    let deliveryMode: Delivery.Mode
    let access: ShowAccess
    let admin: AdminMiddleware

    func add(to router: some RouterMethods<VitrineContext>) {
        router.get("/api/livestreams", use: list)
        router.get("/api/livestreams/{id}", use: show)
        router.group("/api/livestreams").add(middleware: admin)
            .post(use: create)
            .patch("{id}", use: change)
            .delete("{id}", use: delete)
    }

    @Sendable private func list(_ request: Request, context: VitrineContext) async throws -> Response {
        var status: Livestream.Status?
        if let text = request.query("status") {
            status = Livestream.Status(rawValue: text)
            guard status != nil else { throw Problem.invalid("\"status\" is scheduled, live or ended.") }
        }
        var page: Page<Livestream>
        switch await access.listing(request) {
        case .all: page = try await store.livestreams(status: status, page: request.page())
        case .only(let id): page = Page(items: try await only(id, status: status), nextCursor: nil)
        case .none: page = Page(items: [], nextCursor: nil)
        }
        for index in page.items.indices {
            page.items[index] = access.shown(await shows.current(page.items[index]))
        }
        return try JSON.response(ListJSON(page: page))
    }

    /// The one show that a guest may see; none when it is gone, or has another status.
    private func only(_ id: StreamID, status: Livestream.Status?) async throws -> [Livestream] {
        var found: Livestream?
        do throws(StoreError) {
            found = try await store.livestream(id)
        } catch {
            guard case .notFound = error else { throw error }
        }
        return [found].compactMap { $0 }.filter { status == nil || status == $0.status }
    }

    @Sendable private func show(_ request: Request, context: VitrineContext) async throws -> Response {
        let id = try context.streamID()
        try await access.require(request, for: id)
        return try JSON.response(access.shown(await shows.current(store.livestream(id))))
    }

    @Sendable private func create(_ request: Request, context: VitrineContext) async throws -> Response {
        let fields = try await JSONBody.decode(LivestreamFields.self, from: request)
        guard let title = fields.title else { throw Problem.invalid("The field \"title\" is missing.") }
        let stream = Livestream(
            id: .random(), title: try LivestreamFields.checkedTitle(title),
            description: try LivestreamFields.checkedDescription(fields.description ?? ""), createdAt: clock.now,
            scheduledAt: fields.scheduledAt ?? nil, delivery: try fields.delivery(over: Delivery(mode: deliveryMode)))
        try await store.create(stream)
        return try JSON.response(
            access.shown(stream), status: .created, headers: [.location: "/api/livestreams/\(stream.id)"])
    }

    @Sendable private func change(_ request: Request, context: VitrineContext) async throws -> Response {
        let id = try context.streamID()
        let fields = try await JSONBody.decode(LivestreamFields.self, from: request)
        // Checked here, merged by the store: of two changes of different fields both stay.
        _ = try fields.delivery(over: Delivery())
        let changes = LivestreamChanges(
            title: try fields.title.map(LivestreamFields.checkedTitle),
            description: try fields.description.map(LivestreamFields.checkedDescription),
            scheduledAt: fields.scheduledAt, deliveryMode: fields.deliveryFields?.mode,
            maxDirectViewers: fields.deliveryFields?.maxDirectViewers)
        let stream = try await store.update(id, with: changes)
        await shows.recordChanged(id)
        return try JSON.response(access.shown(await shows.current(stream)))
    }

    @Sendable private func delete(_ request: Request, context: VitrineContext) async throws -> Response {
        let id = try context.streamID()
        // Before the record goes: a crash between the two leaves no file that nobody knows.
        do {
            try await recordings.markDeletion(of: id)
        } catch {
            throw Problem(
                .serviceUnavailable, "This can't be deleted now. Try again in a few seconds.",
                headers: [.retryAfter: "2"])
        }
        do {
            try await store.delete(id)
        } catch {
            // One that can't tell may have done it, and is asked again.
            if case .unavailable = error {
                Task { await recordings.settleDeletion(of: id) }
            } else {
                await recordings.unmarkDeletion(of: id)
            }
            throw error
        }
        await shows.deleted(id)
        await recordings.remove(stream: id)
        return Response(status: .noContent)
    }
}
