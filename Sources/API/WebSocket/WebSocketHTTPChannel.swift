import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// One accepted connection: HTTP/1.1, which a request to the signaling path may turn into a WebSocket.
struct WebSocketHTTPChannel: ServerChildChannel, HTTPChannelHandler {
    typealias HTTPConnection = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    struct Value: ServerChildChannelValue {
        let http: HTTPConnection
        /// Fails when the connection ends without having become a WebSocket.
        let client: EventLoopFuture<ClientConnection>
        var channel: any Channel { http.channel }
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
            let client = channel.eventLoop.makePromise(of: ClientConnection.self)
            let admits = admits
            let codec = HTTP1ToHTTPServerCodec(secure: false)
            let gate = UpgradeGate(admits: { admits($0) }) { channel, gate in
                channel.pipeline.syncOperations.removeHandler(codec, promise: nil)
                client.succeed(try ClientConnection(configuring: channel, behind: gate))
            }
            try pipeline.addHandlers([IdleStateHandler(allTimeout: Self.idleTimeout), IdleConnectionCloser()])
            try pipeline.addHandler(HTTPResponseEncoder())
            try pipeline.addHandler(UpgradeGate.makeDecoder())
            // Lets a graceful shutdown close what idles between two requests, too.
            try pipeline.addHandlers([HTTPServerPipelineHandler(), gate, codec])
            let http = try HTTPConnection(
                wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
            channel.closeFuture.whenComplete { _ in client.fail(ChannelError.eof) }
            return Value(http: http, client: client.futureResult)
        }
    }

    func handle(value: Value, logger: Logger) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await handleHTTP(asyncChannel: value.http, logger: logger) }
            group.addTask {
                if let client = try? await value.client.get() { await serve(client) }
            }
        }
    }
}

private final class IdleConnectionCloser: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }
}
