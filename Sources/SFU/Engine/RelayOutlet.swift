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
    /// The peer whose endpoint it was has gone.
    func abandon(_ endpoint: Endpoint)
    /// Whether what is sent there now comes late: a connection that takes less than it is sent.
    func isCongested(_ endpoint: Endpoint) -> Bool
    /// Gives a handshake a datagram (nil: time has passed, or it is the relay's turn), to be answered by `RelayEngine.handshakeAdvanced`.
    func advance(_ transport: DTLSTransport, with datagram: [UInt8]?, for session: RelaySessionID)
    /// Lets go of a handshake that is done: nothing of it is needed any more.
    func release(_ transport: DTLSTransport)
    /// Tells the other workers' engines, which take it by `RelayEngine.receive(_:at:)`.
    func tell(_ news: ShowNews)
    /// Has the engines of these workers (a bit each) `flush`: there is something in the rings.
    func nudge(_ workers: UInt64)
    /// One viewer fewer is here.
    func viewerLeft()
    /// Tells the rooms what becomes of streams' uplinks.
    func report(_ news: UplinkNews)
    func log(_ line: String, _ stream: StreamID)
}
