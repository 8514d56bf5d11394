import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOWebSocket

/// One accepted connection: HTTP/1.1, which a first request to the signaling path may turn into a WebSocket.
struct WebSocketHTTPChannel: ServerChildChannel, HTTPChannelHandler {
    typealias HTTPConnection = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    enum Connection: Sendable {
        case http(HTTPConnection)
        case client(ClientConnection)
    }

    struct Value: ServerChildChannelValue {
        let connection: EventLoopFuture<Connection>
        let channel: any Channel
    }

    /// A connection on which nothing moves for so long is closed.
    private static let idleTimeout = TimeAmount.seconds(75)

    let responder: HTTPChannelHandler.Responder
    /// Whether this request may become a client of the signaling.
    let admits: @Sendable (HTTPRequestHead) -> Bool
    /// Runs a client until it is gone.
    let serve: @Sendable (ClientConnection) async -> Void

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(IdleStateHandler(allTimeout: Self.idleTimeout))
            try pipeline.addHandler(IdleConnectionCloser())
            let upgrade = NIOTypedHTTPServerUpgradeConfiguration(
                upgraders: [upgrader()], notUpgradingCompletionHandler: Self.configureHTTP)
            var configuration = NIOUpgradableHTTPServerPipelineConfiguration(upgradeConfiguration: upgrade)
            configuration.enablePipelining = true  // lets a graceful shutdown close what idles between two requests
            configuration.enableErrorHandling = false
            let connection = try pipeline.configureUpgradableHTTPServerPipeline(configuration: configuration)
            let upgradeHandler = try pipeline.handler(type: NIOTypedHTTPServerUpgradeHandler<Connection>.self)
            try pipeline.addHandler(UpgradeRequestFilter(admits: admits), position: .before(upgradeHandler))
            return Value(connection: connection, channel: channel)
        }
    }

    func handle(value: Value, logger: Logger) async {
        do {
            switch try await value.connection.get() {
            case .http(let channel): await handleHTTP(asyncChannel: channel, logger: logger)
            case .client(let connection): await serve(connection)
            }
        } catch {
            logger.debug("a connection ended before it said what it wants: \(type(of: error))")
        }
    }

    private func upgrader() -> NIOTypedWebSocketServerUpgrader<Connection> {
        NIOTypedWebSocketServerUpgrader(
            maxFrameSize: ClientConnection.maximumMessageBytes, enableAutomaticErrorHandling: false,
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
            upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeCompletedFuture { .client(try ClientConnection(configuring: channel)) }
            })
    }

    @Sendable private static func configureHTTP(_ channel: any Channel) -> EventLoopFuture<Connection> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            return .http(
                try HTTPConnection(
                    wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true)))
        }
    }
}

/// Takes the `Upgrade` header from a first request that isn't to be upgraded: NIO's typed upgrade handler would drop
/// such a request unanswered (swift-nio 2.101).
private final class UpgradeRequestFilter: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    private let admits: @Sendable (HTTPRequestHead) -> Bool

    init(admits: @escaping @Sendable (HTTPRequestHead) -> Bool) {
        self.admits = admits
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        let asks = head.headers[canonicalForm: "upgrade"].contains { $0.lowercased() == "websocket" }
        if !asks || !admits(head) { head.headers.remove(name: "upgrade") }
        context.fireChannelRead(wrapInboundOut(.head(head)))
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
}

private final class IdleConnectionCloser: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }
}
