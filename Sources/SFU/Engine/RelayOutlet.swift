import DTLS
import Net
import Wire

/// What an engine does to the world: the sockets, threads and rooms behind it.
protocol RelayOutlet: AnyObject {
    /// Sends a batch and empties it.
    func send(_ batch: inout DatagramBatch)
    /// Sends one datagram or frame.
    func send(_ datagram: [UInt8], to endpoint: Endpoint)
    /// A peer has proven that this endpoint is its own.
    func trust(_ endpoint: Endpoint)
    /// Gives a handshake a datagram (nil: time has passed), to be answered by `RelayEngine.handshakeAdvanced`.
    func advance(_ transport: DTLSTransport, with datagram: [UInt8]?, for session: RelaySessionID)
    /// Nothing comes for this stream any more.
    func uplinkEnded(_ stream: StreamID)
    func log(_ line: String, _ stream: StreamID)
}
