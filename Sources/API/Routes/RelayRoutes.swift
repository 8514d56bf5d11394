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
    private static let offerType = "application/sdp"
    private static let fragmentType = "application/trickle-ice-sdpfrag"

    let relay: Relay
    let store: any LivestreamStore
    let shows: ShowRegistry
    let iceServers: ICEServerSource
    let admin: AdminMiddleware
    let access: ShowAccess

    func add(to router: some RouterMethods<VitrineContext>) {
        router.group("/whip/{id}").add(middleware: admin).post(use: publish).delete("{session}", use: end)
            .patch("{session}", use: patch)
        for door in [Door.whip, .whep] { addDiscovery(of: door, to: router) }
        router.group("/api/livestreams/{id}/relay").add(middleware: admin).get(use: report)
        router.group("/whep/{id}").post(use: play).delete("{session}", use: end).patch("{session}", use: patch)
    }

    private enum Door: String {
        case whip, whep
    }

    /// What the doors say of themselves (RFC 9725, sections 4.2 and 4.6).
    private func addDiscovery(of door: Door, to router: some RouterMethods<VitrineContext>) {
        let endpoint: HTTPFields = [.acceptPost: Self.offerType]
        let session: HTTPFields = [.acceptPatch: Self.fragmentType]
        for (path, headers) in [("/\(door)/{id}", endpoint), ("/\(door)/{id}/{session}", session)] {
            router.on(RouterPath(path), method: .options) { request, context in
                var headers = headers
                let names = await mayHaveCredentials(request, context: context, at: door)
                headers[values: .link] = iceServers.servers().flatMap { $0.links(withCredentials: names) }
                headers[.cacheControl] = "no-store"
                return Response(status: .noContent, headers: headers)
            }
        }
    }

    /// Whoever asks without a token learns of STUN servers only: OPTIONS needs none.
    private func mayHaveCredentials(_ request: Request, context: VitrineContext, at door: Door) async -> Bool {
        let token = AdminAuthority.bearerToken(of: request)
        if admin.authority.accepts(token) { return true }
        guard door == .whep, access.viewers != nil, let stream = try? context.streamID() else { return false }
        return await access.allows(request, for: stream)
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
        do {
            try await shows.bringIn(stream, .encoderStarted)
        } catch {
            _ = await relay.end(session.id)  // it was deleted meanwhile, or can't be read now
            throw error
        }
        return answer(session, path: "/whip/\(stream)")
    }

    @Sendable private func play(_ request: Request, context: VitrineContext) async throws -> Response {
        let stream = try context.streamID()
        try await access.require(request, for: stream)
        _ = try await store.livestream(stream)
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
        guard request.hasMediaType(Self.fragmentType) else {
            throw Problem(
                .unsupportedMediaType, "A fragment has the type \"\(Self.fragmentType)\".",
                headers: [.acceptPatch: Self.fragmentType])
        }
        guard let tag = request.headers[.ifMatch] else {
            throw Problem(.preconditionRequired, "If-Match says which ICE session this is about.")
        }
        let body = try await text(of: request)
        func value(_ name: String) -> String? {
            body.split(whereSeparator: \.isNewline).first { $0.hasPrefix("a=\(name):") }
                .map { String($0.dropFirst(name.count + 3)) }
        }
        let outcome = await relay.patch(
            id,
            tag: tag == "*" ? nil : tag.trimmingPrefix("\"").split(separator: "\"").first.map(String.init) ?? "",
            remoteFragment: value("ice-ufrag"), remotePassword: value("ice-pwd"))
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
        guard request.hasMediaType(Self.offerType) else {
            throw Problem(
                .unsupportedMediaType, "An offer has the type \"\(Self.offerType)\".",
                headers: [.acceptPost: Self.offerType])
        }
        return try await text(of: request)
    }

    private func text(of request: Request) async throws -> String {
        do {
            return String(buffer: try await request.body.collect(upTo: Self.maximumOfferBytes))
        } catch is NIOTooManyBytesError {
            throw Problem(.contentTooLarge, "The body is larger than \(Self.maximumOfferBytes) bytes.")
        }
    }

    private func negotiating(_ body: () async throws -> Relay.Session) async throws -> Relay.Session {
        do {
            return try await body()
        } catch let error as RelayError {
            let (status, headers): (HTTPResponse.Status, HTTPFields) =
                switch error {
                case .invalidOffer: (.badRequest, [:])
                case .noCommonCodec: (.notAcceptable, [:])
                case .noUplink: (.conflict, [:])
                case .unavailable: (.serviceUnavailable, [.retryAfter: "2"])
                }
            throw Problem(status, error.explanation, headers: headers)
        }
    }

    private func answer(_ session: Relay.Session, path: String) -> Response {
        var headers: HTTPFields = [
            .contentType: Self.offerType, .location: "\(path)/\(session.id)", .eTag: "\"\(session.tag)\"",
            .acceptPatch: Self.fragmentType,
        ]
        headers[values: .link] = iceServers.servers().flatMap { $0.links(withCredentials: true) }
        return Response(
            status: .created, headers: headers, body: .init(byteBuffer: ByteBuffer(string: session.answer)))
    }
}
