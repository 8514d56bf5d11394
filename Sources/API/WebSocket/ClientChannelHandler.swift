import NIOCore
import NIOWebSocket
import Signaling

/// The last station of a client's channel: frames to inputs, outputs to frames, and everything that keeps one client
/// from being a burden: pings, silence, slow reading, the closing handshake (RFC 6455, sections 5.5 and 7).
final class ClientChannelHandler: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias InboundOut = ClientConnection.Input
    typealias OutboundIn = ClientConnection.Output
    typealias OutboundOut = WebSocketFrame

    private static let pingInterval = TimeAmount.seconds(20)
    private static let maximumSilence = TimeAmount.seconds(45)
    /// Who has heard nothing for this long hears a beat. A page that hears none knows that its socket is dead; here the
    /// kernel knows it, as nobody acknowledges the beat (`ClientConnection.unacknowledgedMS`).
    private static let beatInterval = TimeAmount.seconds(4)
    private static let beat = ByteBuffer(string: #"{"type":"beat"}"#)
    /// How long a closing client has to take what still waits for it.
    private static let closingTime = TimeAmount.seconds(5)

    private var lastRead = NIODeadline.now()
    private var lastPing = NIODeadline.now()
    private var lastWrite = NIODeadline.now()
    private var timer: Scheduled<Void>?
    private var isClosing = false

    func handlerAdded(context: ChannelHandlerContext) {
        lastRead = context.eventLoop.now
        lastPing = lastRead
        lastWrite = lastRead
        scheduleTick(context: context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastRead = context.eventLoop.now
        let frame = unwrapInboundIn(data)
        switch frame.opcode {
        case .text: fire(.text(frame.unmaskedData), context: context)
        case .binary: fire(.binary, context: context)
        case .ping: send(.pong, frame.unmaskedData, context: context)
        case .connectionClose: answerClose(frame, context: context)
        default: break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is FrameSizeFilter.OversizedFrame:
            lastRead = context.eventLoop.now
            fire(.oversized, context: context)
        case is ChannelShouldQuiesceEvent: close(.goingAway, context: context)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case FrameSizeScanner.Failure.absurdlyLarge, NIOWebSocketFrameAggregator.Error.accumulatedFrameSizeIsTooLarge,
            NIOWebSocketFrameAggregator.Error.tooManyFragments:
            close(.messageTooLarge, context: context)
        case is NIOWebSocketError, is NIOWebSocketFrameAggregator.Error:
            close(.protocolError, context: context)
        default: context.close(promise: nil)  // the socket is broken: there is nobody to tell
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .text(let text):
            guard !isClosing else { promise?.succeed(()); return }
            guard context.channel.isWritable else {
                promise?.succeed(())
                return close(WebSocketErrorCode.readsTooSlowly, context: context)
            }
            lastWrite = context.eventLoop.now
            let frame = WebSocketFrame(fin: true, opcode: .text, data: text)
            context.write(wrapOutboundOut(frame), promise: promise)
        case .close(let code):
            promise?.succeed(())
            close(WebSocketErrorCode(codeNumber: Int(code.rawValue)), saying: code.reason, context: context)
        }
    }

    private func fire(_ input: ClientConnection.Input, context: ChannelHandlerContext) {
        if !isClosing { context.fireChannelRead(wrapInboundOut(input)) }
    }

    private func send(_ opcode: WebSocketOpcode, _ data: ByteBuffer, context: ChannelHandlerContext) {
        guard !isClosing, context.channel.isWritable else { return }
        context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: opcode, data: data)), promise: nil)
    }

    /// Says why after all that still waits, then closes: at the latest when the closing time is over.
    private func close(
        _ code: WebSocketErrorCode, saying reason: String = "", context: ChannelHandlerContext
    ) {
        guard !isClosing else { return }
        context.fireChannelRead(wrapInboundOut(.closing))
        context.fireChannelReadComplete()  // what was read is handed on only then
        isClosing = true
        var data = context.channel.allocator.buffer(capacity: 2 + reason.utf8.count)
        data.write(webSocketErrorCode: code)
        data.writeString(reason)
        let frame = WebSocketFrame(fin: true, opcode: .connectionClose, data: data)
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
        let channel = context.channel
        timer?.cancel()
        timer = context.eventLoop.scheduleTask(in: Self.closingTime) { channel.close(promise: nil) }
    }

    private func answerClose(_ frame: WebSocketFrame, context: ChannelHandlerContext) {
        guard !isClosing else { return context.close(promise: nil) }
        isClosing = true
        var data = frame.unmaskedData
        let echo = data.readSlice(length: min(2, data.readableBytes)) ?? ByteBuffer()
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: .connectionClose, data: echo)))
            .whenComplete { _ in channel.close(promise: nil) }
    }

    private func scheduleTick(context: ChannelHandlerContext) {
        let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(deadline: lastWrite + Self.beatInterval) {
            let (handler, context) = loopBound.value
            handler.tick(context: context)
        }
    }

    private func tick(context: ChannelHandlerContext) {
        guard !isClosing else { return }
        let now = context.eventLoop.now
        guard now - lastRead < Self.maximumSilence else { return context.close(promise: nil) }
        if now - lastPing >= Self.pingInterval {
            lastPing = now
            send(.ping, ByteBuffer(), context: context)
        }
        if now - lastWrite >= Self.beatInterval {
            lastWrite = now
            send(.text, Self.beat, context: context)
        }
        scheduleTick(context: context)
    }
}

extension WebSocketErrorCode {
    static var readsTooSlowly: Self { Self(codeNumber: 4429) }
}
