internal import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import SFU
import Signaling
import Storage

/// What operators and clients ask of the server itself: health, metrics, its own description, ICE servers.
struct OperatorRoutes {
    let store: any LivestreamStore
    let shows: ShowRegistry
    let metrics: ServerMetrics
    let relay: Relay
    let iceServers: ICEServerSource
    let description: ByteBuffer
    let access: ShowAccess
    let admin: AdminMiddleware

    private struct Health: Encodable {
        let status: String
    }

    func add(to router: some RouterMethods<VitrineContext>) {
        router.get("/healthz") { _, _ in try JSON.response(Health(status: "ok")) }
        router.get("/readyz") { _, _ in
            try await store.checkHealth()
            guard await shows.isRestored else {
                throw Problem(
                    .serviceUnavailable, "The shows that were live are not back yet.", headers: [.retryAfter: "1"])
            }
            return try JSON.response(Health(status: "ok"))
        }
        router.get("/metrics") { request, _ in
            var text = PrometheusText()
            metrics.add(to: &text)
            // Where shows are for invited guests, only the admin learns which there are.
            let listing = await access.listing(request)
            text.add(await relay.statistics(), namesStreams: listing == .all)
            return Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: .init(byteBuffer: ByteBuffer(string: text.text)))
        }
        router.get("/openapi.json") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
                body: .init(byteBuffer: description))
        }
        // Lets a page find out whether a token is the admin's before it shows what only the admin can do.
        router.group("/api/admin").add(middleware: admin).get { _, _ in Response(status: .noContent) }
        router.get("/api/ice_servers") { request, _ in
            try await access.requireAny(request)
            return try JSON.response(iceServers.servers())
        }
    }
}
