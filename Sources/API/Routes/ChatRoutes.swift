import HTTPTypes
import Hummingbird
import Signaling
import Storage
import Wire

/// `/api/livestreams/{id}/chat` and `/likes`: what was said and liked, for late joiners and for the replay.
struct ChatRoutes {
    let store: any LivestreamStore
    let shows: ShowRegistry
    let access: ShowAccess
    let admin: AdminMiddleware

    func add(to router: some RouterMethods<VitrineContext>) {
        router.get("/api/livestreams/{id}/chat", use: history)
        router.get("/api/livestreams/{id}/likes", use: likes)
        router.group("/api/livestreams/{id}/chat").add(middleware: admin)
            .delete("{message_id}", use: delete)
            .delete(use: eraseName)
    }

    @Sendable private func history(_ request: Request, context: VitrineContext) async throws -> Response {
        let id = try context.streamID()
        try await access.require(request, for: id)
        let page = try await store.chat(of: id, chatQuery(of: request), page: request.page())
        return try JSON.response(ListJSON(page: page))
    }

    private func chatQuery(of request: Request) throws -> ChatQuery {
        let before = try messageID(request.query("before"))
        let after = try messageID(request.query("after"))
        let span = try request.clockSpan()
        switch (before, after, span) {
        case (nil, nil, nil): return .all
        case (let before?, nil, nil): return .before(before)
        case (nil, let after?, nil): return .after(after)
        case (nil, nil, let span?): return .milliseconds(span)
        default: throw Problem.invalid("Give one of \"before\", \"after\" and \"from_ms\"/\"to_ms\", not several.")
        }
    }

    private func messageID(_ text: String?) throws -> MessageID? {
        guard let text else { return nil }
        guard let id = MessageID(text) else { throw Problem.notFound("message") }
        return id
    }

    @Sendable private func likes(_ request: Request, context: VitrineContext) async throws -> Response {
        let id = try context.streamID()
        try await access.require(request, for: id)
        let span = try request.clockSpan() ?? 0...Int64.max
        let page = try await store.likes(of: id, milliseconds: span, page: request.page())
        let items = page.items.map { LikesJSON(atMS: $0.atMS, count: $0.count) }
        return try JSON.response(ListJSON(page: Page(items: items, nextCursor: page.nextCursor)))
    }

    @Sendable private func delete(_ request: Request, context: VitrineContext) async throws -> Response {
        let id = try context.streamID()
        let message: MessageID = try context.identifier("message_id", of: "message")
        try await store.deleteChat(message, of: id)
        await shows.tell(id, .chatRemoved(message))
        return Response(status: .noContent)
    }

    /// What was said stays; who said it is forgotten.
    @Sendable private func eraseName(_ request: Request, context: VitrineContext) async throws -> Response {
        let id = try context.streamID()
        guard let name = request.query("name"), !name.isEmpty else {
            throw Problem.invalid("Give the name to erase: ?name=…")
        }
        let count = try await store.eraseName(name, of: id)
        await shows.tell(id, .nameErased(name))
        return try JSON.response(ErasedJSON(erased: count))
    }
}

/// How many messages lost a name.
private struct ErasedJSON: Encodable {
    let erased: Int
}

/// Likes that came at one time of the stream's clock.
private struct LikesJSON: Encodable {
    let atMS: Int64
    let count: Int

    private enum CodingKeys: String, CodingKey {
        case atMS = "at_ms"
        case count
    }
}
