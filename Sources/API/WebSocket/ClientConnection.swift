import NIOCore
import NIOWebSocket
import Signaling

/// A client's WebSocket, from the server's side: messages in order from it, and messages to it without waiting.
struct ClientConnection: Sendable {
    static let maximumMessageBytes = 64 << 10
    /// A frame up to this size is read and thrown away; a larger one ends the connection.
    static let absurdMessageBytes = 16 << 20
    /// What may wait for a client that reads slowly, in bytes. One that has more waiting is dropped.
    static let maximumWaitingBytes = 512 << 10
    /// What of it the kernel may hold besides; left alone it would take megabytes for each slow client.
    private static let kernelSendBytes = 128 << 10

    /// What is sent and not acknowledged for so long ends the connection: with a beat every four seconds, a client that
    /// is gone without a word is noticed within ten.
    private static let unacknowledgedMS = 4_800
    /// Linux's number of it (tcp(7)); RFC 5482.
    private static let userTimeout = ChannelOptions.Types.SocketOption(level: .tcp, name: .init(rawValue: 18))

    /// What a client did.
    enum Input: Sendable {
        case text(ByteBuffer)
        case binary
        case oversized
        /// The server is sending it away: it is still owed what waits for it, but counts no longer.
        case closing
    }

    /// What is written to it.
    enum Output: Sendable {
        case text(ByteBuffer)
        case close(CloseCode)
    }

    typealias Inputs = ClientInputs.Sequence

    let inputs: Inputs
    let channel: any Channel

    /// Puts the WebSocket's handlers behind this one: from frames to inputs, of which nothing passes on. Runs on the
    /// channel's event loop.
    init(configuring channel: any Channel, behind handler: some ChannelHandler) throws {
        let pipeline = channel.pipeline.syncOperations
        let last = ClientInputs(channel: channel)
        try pipeline.addHandlers(
            [
                WebSocketFrameEncoder(),
                FrameSizeFilter(maximumBytes: Self.maximumMessageBytes, absurdBytes: Self.absurdMessageBytes),
                ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: Self.maximumMessageBytes)),
                NIOWebSocketFrameAggregator(
                    minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: 64,
                    maxAccumulatedFrameSize: Self.maximumMessageBytes),
                ClientChannelHandler(), last,
            ], position: .after(handler))
        try channel.syncOptions?.setOption(
            .writeBufferWaterMark, value: .init(low: Self.maximumWaitingBytes / 2, high: Self.maximumWaitingBytes))
        try channel.syncOptions?.setOption(.socketOption(.so_sndbuf), value: .init(Self.kernelSendBytes))
        // Not every channel is one of TCP.
        try? channel.syncOptions?.setOption(Self.userTimeout, value: .init(Self.unacknowledgedMS))
        inputs = last.sequence
        self.channel = channel
    }

    func close() async { try? await channel.close() }

    /// Sends in the order of the calls, without waiting. A client that is gone gets nothing.
    func send(_ output: Output) {
        channel.writeAndFlush(output, promise: nil)
    }
}
