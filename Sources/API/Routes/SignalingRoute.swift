import HTTPTypes
import Hummingbird
import NIOHTTP1

/// `GET /ws`: who may become a client of the signaling, and what everybody else is told.
struct SignalingRoute {
    static let path = "/ws"

    let origins: OriginPolicy

    /// Whether a request that asks for a WebSocket gets one.
    func admits(_ head: HTTPRequestHead) -> Bool {
        let path = head.uri.prefix { $0 != "?" }
        return head.method == .GET && path == Self.path
            && origins.accepts(origin: head.headers.first(name: "origin"), host: head.headers.first(name: "host"))
    }

    /// Answers the requests that were not admitted.
    func add(to router: some RouterMethods<VitrineContext>) {
        router.get("/ws") { request, _ -> Response in
            guard origins.accepts(origin: request.headers[.origin], host: request.head.authority) else {
                throw Problem(.forbidden, "Pages of this origin may not connect. The operator can allow it.")
            }
            if request.headers[.secWebSocketVersion] == WebSocketHandshake.version,
                request.headers[.secWebSocketKey].map(WebSocketHandshake.isKey) != true
            {
                throw Problem(.badRequest, "A WebSocket's Sec-WebSocket-Key is 16 bytes in base64 (RFC 6455).")
            }
            throw Problem(
                .upgradeRequired, "This path speaks WebSocket (RFC 6455) of version 13.",
                headers: [
                    .upgrade: "websocket", .connection: "Upgrade", .secWebSocketVersion: WebSocketHandshake.version,
                ])
        }
    }
}
