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

    let relay: Relay
    let store: any LivestreamStore
    let shows: ShowRegistry
    let iceServers: ICEServerSource
    let admin: AdminMiddleware
    /// Whom the shop vouches for, when the operator asks for that.
    let viewers: ViewerAuthority?

    func add(to router: some RouterMethods<VitrineContext>) {
        router.group("/whip/{id}").add(middleware: admin).post(use: publish).delete("{session}", use: end)
        router.group("/whep/{id}").post(use: play).delete("{session}", use: end)
    }

    @Sendable private func publish(_ request: Request, context: VitrineContext) async throws -> Response {
        let stream = try context.streamID()
        let offer = try await offer(request)
        guard try await store.livestream(stream).status != .ended else {
            throw Problem(.conflict, "The show is over: create another.")
        }
        let session = try await negotiating { try await relay.publish(stream, offer: offer) }
        try await shows.show(stream).handle(.encoderStarted)
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
            switch error {
            case .invalidOffer(let reason): throw Problem(.badRequest, reason)
            case .noCommonCodec(let offered):
                throw Problem(
                    .notAcceptable,
                    "No codec in common: VP8, H264, VP9, AV1 and opus are forwarded, offered: \(offered).")
            case .noUplink: throw Problem(.conflict, "Nobody publishes this stream now.")
            case .unavailable: throw Problem(.serviceUnavailable, "The relay can't take this now.")
            }
        }
    }

    private func answer(_ session: Relay.Session, path: String) -> Response {
        var headers: HTTPFields = [
            .contentType: "application/sdp", .location: "\(path)/\(session.id)", .eTag: "\"\(session.id)\"",
        ]
        for url in iceServers.servers().flatMap(\.urls) {
            headers[values: .link].append("<\(url)>; rel=\"ice-server\"")
        }
        return Response(
            status: .created, headers: headers, body: .init(byteBuffer: ByteBuffer(string: session.answer)))
    }
}
