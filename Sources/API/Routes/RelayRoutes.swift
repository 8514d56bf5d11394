import HTTPTypes
import Hummingbird
import NIOCore
import SFU
import Signaling
import Storage
import Wire

/// `/whip/{id}` (RFC 9725) and `/whep/{id}` (the IETF's WHEP draft): the relay's standard door.
struct RelayRoutes {
    private static let maximumOfferBytes = 64 << 10
    private static let fragmentType = "application/trickle-ice-sdpfrag"

    let relay: Relay
    let store: any LivestreamStore
    let shows: ShowRegistry
    let iceServers: ICEServerSource
    let admin: AdminMiddleware
    /// Whom the shop vouches for, when the operator asks for that.
    let viewers: ViewerAuthority?

    func add(to router: some RouterMethods<VitrineContext>) {
        router.group("/whip/{id}").add(middleware: admin).post(use: publish).delete("{session}", use: end)
            .patch("{session}", use: patch)
        router.group("/api/livestreams/{id}/relay").add(middleware: admin).get(use: report)
        router.group("/whep/{id}").post(use: play).delete("{session}", use: end).patch("{session}", use: patch)
    }

    @Sendable private func report(_ request: Request, context: VitrineContext) async throws -> Response {
        let id = try context.streamID()
        _ = try await store.livestream(id)
        let workers = await relay.statistics()
        let stream = workers.flatMap(\.streams).first { $0.id == id }
        var viewers: [RelayReport.Viewer] = []
        for viewer in workers.flatMap(\.viewers) where viewer.stream == id {
            viewers.append(.init(viewer, id: await shows.viewer(behind: viewer.session, of: id)))
        }
        return try JSON.response(RelayReport(stream, viewers: viewers))
    }

    @Sendable private func publish(_ request: Request, context: VitrineContext) async throws -> Response {
        let stream = try context.streamID()
        let offer = try await offer(request)
        guard try await store.livestream(stream).status != .ended else {
            throw Problem(.conflict, "The show is over: create another.")
        }
        let session = try await negotiating { try await relay.publish(stream, offer: offer) }
        try await shows.bringIn(stream, .encoderStarted)
        return answer(session, path: "/whip/\(stream)")
    }

    @Sendable private func play(_ request: Request, context: VitrineContext) async throws -> Response {
        let stream = try context.streamID()
        _ = try await store.livestream(stream)
        if let viewers {
            let token = AdminAuthority.bearerToken(of: request)
            guard await viewers.accepts(token, for: stream) else {
                throw AdminAuthority.refusal("This needs a viewer's token.", error: nil)
            }
        }
        let offer = try await offer(request)
        return answer(try await negotiating { try await relay.play(stream, offer: offer) }, path: "/whep/\(stream)")
    }

    @Sendable private func end(_ request: Request, context: VitrineContext) async throws -> Response {
        let id: RelaySessionID = try context.identifier("session", of: "session")
        guard await relay.end(id) else { throw Problem.notFound("session") }
        return Response(status: .ok)
    }

    /// Trickled candidates, or an ICE restart (RFC 9725, section 4.3).
    @Sendable private func patch(_ request: Request, context: VitrineContext) async throws -> Response {
        let id: RelaySessionID = try context.identifier("session", of: "session")
        guard request.headers[.contentType]?.hasPrefix(Self.fragmentType) == true else {
            throw Problem(.unsupportedMediaType, "A fragment has the type \"\(Self.fragmentType)\".")
        }
        guard let tag = request.headers[.ifMatch] else {
            throw Problem(.preconditionRequired, "If-Match says which ICE session this is about.")
        }
        let body = String(buffer: try await request.body.collect(upTo: Self.maximumOfferBytes))
        let fragment = body.split(whereSeparator: \.isNewline).first { $0.hasPrefix("a=ice-ufrag:") }
        let outcome = await relay.patch(
            id,
            tag: tag == "*" ? nil : tag.trimmingPrefix("\"").split(separator: "\"").first.map(String.init) ?? "",
            remoteFragment: fragment.map { String($0.dropFirst(12)) })
        switch outcome {
        case .noSuchSession: throw Problem.notFound("session")
        case .stale: throw Problem(.preconditionFailed, "This ICE session has been replaced.")
        case .trickled: return Response(status: .noContent)
        case .restarted(let lines, let tag):
            return Response(
                status: .ok, headers: [.contentType: Self.fragmentType, .eTag: "\"\(tag)\""],
                body: .init(byteBuffer: ByteBuffer(string: lines.map { "a=\($0)\r\n" }.joined())))
        }
    }

    private func offer(_ request: Request) async throws -> String {
        guard request.headers[.contentType]?.hasPrefix("application/sdp") == true else {
            throw Problem(.unsupportedMediaType, "An offer has the type \"application/sdp\".")
        }
        let body = try await request.body.collect(upTo: Self.maximumOfferBytes)
        return String(buffer: body)
    }

    private func negotiating(_ body: () async throws -> Relay.Session) async throws -> Relay.Session {
        do {
            return try await body()
        } catch let error as RelayError {
            let status: HTTPResponse.Status =
                switch error {
                case .invalidOffer: .badRequest
                case .noCommonCodec: .notAcceptable
                case .noUplink: .conflict
                case .unavailable: .serviceUnavailable
                }
            throw Problem(status, error.explanation)
        }
    }

    private func answer(_ session: Relay.Session, path: String) -> Response {
        var headers: HTTPFields = [
            .contentType: "application/sdp", .location: "\(path)/\(session.id)", .eTag: "\"\(session.tag)\"",
            .acceptPatch: Self.fragmentType,
        ]
        for url in iceServers.servers().flatMap(\.urls) {
            headers[values: .link].append("<\(url)>; rel=\"ice-server\"")
        }
        return Response(
            status: .created, headers: headers, body: .init(byteBuffer: ByteBuffer(string: session.answer)))
    }
}
