import NIOCore

/// What a client says, as a sequence. While its consumer is behind, no more is read from the socket.
final class ClientInputs: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ClientConnection.Input
    typealias OutboundIn = ClientConnection.Output
    typealias OutboundOut = ClientConnection.Output
    typealias Sequence = NIOAsyncSequenceProducer<
        ClientConnection.Input, NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark, Valve
    >

    /// Opened by the consumer, on whatever thread it is.
    final class Valve: NIOAsyncSequenceProducerDelegate, Sendable {
        private let channel: any Channel
        private let inputs: NIOLoopBoundBox<ClientInputs?>

        fileprivate init(channel: any Channel) {
            self.channel = channel
            inputs = NIOLoopBoundBox(nil, eventLoop: channel.eventLoop)
        }

        fileprivate func meet(_ handler: ClientInputs?) { inputs.value = handler }

        func produceMore() { channel.eventLoop.execute { self.inputs.value?.goOn() } }

        func didTerminate() {}
    }

    private let valve: Valve
    private let source: Sequence.Source
    let sequence: Sequence
    private var context: ChannelHandlerContext?
    private var isPaused = false
    private var isReadOwed = false

    init(channel: any Channel) {
        valve = Valve(channel: channel)
        let strategy = NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark(
            lowWatermark: 2, highWatermark: 10)
        let made = Sequence.makeSequence(
            elementType: ClientConnection.Input.self, backPressureStrategy: strategy, finishOnDeinit: false,
            delegate: valve)
        source = made.source
        sequence = made.sequence
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        valve.meet(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        valve.meet(nil)
        source.finish()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .stopProducing = source.yield(unwrapInboundIn(data)) { isPaused = true }
    }

    func channelInactive(context: ChannelHandlerContext) {
        source.finish()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        source.finish()
        context.close(promise: nil)
    }

    func read(context: ChannelHandlerContext) {
        guard !isPaused else { return isReadOwed = true }
        context.read()
    }

    private func goOn() {
        isPaused = false
        guard isReadOwed else { return }
        isReadOwed = false
        context?.read()
    }
}
