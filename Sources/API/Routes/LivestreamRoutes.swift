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
        var page = try await store.livestreams(status: status, page: request.page())
        for index in page.items.indices { page.items[index] = await shows.current(page.items[index]) }
        return try JSON.response(ListJSON(page: page))
    }

    @Sendable private func show(_ request: Request, context: VitrineContext) async throws -> Response {
        try JSON.response(await shows.current(store.livestream(context.streamID())))
    }

    @Sendable private func create(_ request: Request, context: VitrineContext) async throws -> Response {
        let fields = try await JSONBody.decode(LivestreamFields.self, from: request)
        guard let title = fields.title else { throw Problem.invalid("The field \"title\" is missing.") }
        let stream = Livestream(
            id: .random(), title: try LivestreamFields.checkedTitle(title),
            description: try LivestreamFields.checkedDescription(fields.description ?? ""), createdAt: clock.now,
            scheduledAt: fields.scheduledAt ?? nil, delivery: try fields.delivery(over: Delivery()))
        try await store.create(stream)
        return try JSON.response(stream, status: .created, headers: [.location: "/api/livestreams/\(stream.id)"])
    }

    @Sendable private func change(_ request: Request, context: VitrineContext) async throws -> Response {
        let id = try context.streamID()
        let fields = try await JSONBody.decode(LivestreamFields.self, from: request)
        let delivery: Delivery? =
            fields.deliveryFields == nil ? nil : try fields.delivery(over: await store.livestream(id).delivery)
        let changes = LivestreamChanges(
            title: try fields.title.map(LivestreamFields.checkedTitle),
            description: try fields.description.map(LivestreamFields.checkedDescription),
            scheduledAt: fields.scheduledAt, delivery: delivery)
        let stream = try await store.update(id, with: changes)
        await shows.recordChanged(id)
        return try JSON.response(await shows.current(stream))
    }

    @Sendable private func delete(_ request: Request, context: VitrineContext) async throws -> Response {
        let id = try context.streamID()
        // Before the record goes: a crash between the two leaves no file that nobody knows.
        try await recordings.markDeletion(of: id)
        do {
            try await store.delete(id)
        } catch {
            // One that can't tell may have done it: the mark says what to do when it can.
            if case .unavailable = error {} else { await recordings.unmarkDeletion(of: id) }
            throw error
        }
        await shows.tell(id, .deleted)
        await recordings.remove(stream: id)
        return Response(status: .noContent)
    }
}
