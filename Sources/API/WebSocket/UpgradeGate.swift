import Crypto
import Foundation
import NIOCore
import NIOHTTP1

/// Stands behind the HTTP handlers of a connection, and has each of its requests become a WebSocket that asks for one and
/// may (RFC 9110, section 7.8; RFC 6455, section 4.2), whatever the connection has carried before: proxies use one
/// connection for many requests. Whoever asks in vain is answered by the routes, and the connection stays usable.
final class UpgradeGate: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart
    typealias Decoder = ByteToMessageHandler<HTTPRequestDecoder>

    private enum State {
        case request
        /// Its decoder reads no further behind a request of this kind, and needs a successor.
        case refusing
        case upgrading(key: String)
        case upgraded
    }

    private let admits: (HTTPRequestHead) -> Bool
    /// Puts the WebSocket's handlers behind this one.
    private let configure: (any Channel, UpgradeGate) throws -> Void
    private var state = State.request

    init(
        admits: @escaping (HTTPRequestHead) -> Bool, configure: @escaping (any Channel, UpgradeGate) throws -> Void
    ) {
        self.admits = admits
        self.configure = configure
    }

    static func makeDecoder() -> Decoder {
        ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .upgraded = state { return context.fireChannelRead(data) }
        let part = unwrapInboundIn(data)
        switch (part, state) {
        case (.head(let head), _):
            state = next(head)
            if head.version == .http1_1, head.headers[canonicalForm: "expect"].contains("100-continue") {
                // At once: whoever is to be refused is, and who isn't need not wait (RFC 9110, section 10.1.1).
                let goOn = HTTPResponseHead(version: .http1_1, status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(goOn)), promise: nil)
            }
            if case .upgrading = state { return }
            context.fireChannelRead(data)
        case (.end, .upgrading(let key)): upgrade(context, key)
        case (.body, .upgrading): break
        case (.end, .refusing):
            state = .request
            replaceDecoder(context)
            context.fireChannelRead(data)
        default: context.fireChannelRead(data)
        }
    }

    private func next(_ head: HTTPRequestHead) -> State {
        // As the decoder has it.
        let connection = head.headers[canonicalForm: "connection"].map { $0.lowercased() }
        let asks = head.headers.contains(name: "upgrade") && connection.contains("upgrade")
        guard asks || head.method == .CONNECT else { return .request }
        guard WebSocketHandshake.asks(head), admits(head), let key = WebSocketHandshake.key(of: head) else {
            return .refusing
        }
        return .upgrading(key: key)
    }

    /// What has been read behind the request goes to the new decoder.
    private func replaceDecoder(_ context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        guard let former = try? pipeline.handler(type: Decoder.self) else { return }
        let successor = Self.makeDecoder()
        do {
            try pipeline.addHandler(successor, position: .after(former))
            pipeline.removeHandler(former, promise: nil)
        } catch {
            context.close(promise: nil)
        }
    }

    private func upgrade(_ context: ChannelHandlerContext, _ key: String) {
        let pipeline = context.pipeline.syncOperations
        do {
            let decoder = try pipeline.handler(type: Decoder.self)
            let encoder = try pipeline.handler(type: HTTPResponseEncoder.self)
            pipeline.removeHandler(try pipeline.handler(type: HTTPServerPipelineHandler.self), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.head(WebSocketHandshake.response(to: key))), promise: nil)
            pipeline.removeHandler(encoder, promise: nil)
            state = .upgraded
            try configure(context.channel, self)
            pipeline.removeHandler(decoder, promise: nil)
            pipeline.removeHandler(self, promise: nil)
        } catch {
            context.close(promise: nil)
        }
    }
}

/// The opening handshake (RFC 6455, section 4.2).
enum WebSocketHandshake {
    private static let identifier = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    static let version = "13"

    static func asks(_ head: HTTPRequestHead) -> Bool {
        head.headers[canonicalForm: "upgrade"].contains { $0.lowercased() == "websocket" }
            && head.headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
    }

    /// The client's key; nil when there is none of 16 bytes, or its version is another.
    static func key(of head: HTTPRequestHead) -> String? {
        guard head.version == .http1_1, head.headers.first(name: "sec-websocket-version") == version,
            let key = head.headers.first(name: "sec-websocket-key"), isKey(key)
        else { return nil }
        return key
    }

    static func isKey(_ text: String) -> Bool { Data(base64Encoded: text)?.count == 16 }

    static func response(to key: String) -> HTTPResponseHead {
        let digest = Insecure.SHA1.hash(data: Data((key + identifier).utf8))
        return HTTPResponseHead(
            version: .http1_1, status: .switchingProtocols,
            headers: [
                "upgrade": "websocket", "connection": "upgrade",
                "sec-websocket-accept": Data(digest).base64EncodedString(),
            ])
    }
}
