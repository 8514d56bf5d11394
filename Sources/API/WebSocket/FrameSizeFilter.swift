import NIOCore

/// Puts the scanner between the socket and the frame decoder. An oversized frame becomes an `OversizedFrame` event.
final class FrameSizeFilter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    struct OversizedFrame: Sendable {}

    private var scanner: FrameSizeScanner

    init(maximumBytes: Int, absurdBytes: Int) {
        scanner = FrameSizeScanner(maximumBytes: maximumBytes, absurdBytes: absurdBytes)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        while buffer.readableBytes > 0 {
            do {
                let step = try scanner.scan(buffer.readableBytesView)
                guard let run = buffer.readSlice(length: step.taken) else { return }
                if !step.held.isEmpty { context.fireChannelRead(wrapInboundOut(ByteBuffer(bytes: step.held))) }
                if step.verdict == .pass { context.fireChannelRead(wrapInboundOut(run)) }
                if step.refused { context.fireUserInboundEventTriggered(OversizedFrame()) }
            } catch {
                return context.fireErrorCaught(error)
            }
        }
    }
}
