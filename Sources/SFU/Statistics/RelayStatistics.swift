package import Wire

/// What one worker of the relay is doing, and has done.
package struct RelayStatistics: Sendable {
    package struct Viewer: Sendable {
        package let stream: StreamID
        package let session: RelaySessionID
        /// The worker, and a number that counts up from one for its peers.
        package let name: String
        package let isConnected: Bool
        package let packetsSent: UInt64
        package let payloadBytesSent: UInt64
        /// Of its last report, from 0 to 1.
        package let fractionLost: Double
        package let roundTripMS: Double?
        package let nackedPackets: UInt64
        package let repairedPackets: UInt64
        package let keyFrameRequests: UInt64
        package let quality: ViewingQuality
        /// What its link is taken to carry, in bits a second; nil while nothing bounds it.
        package let estimatedRate: Double?
        /// Of what is waiting on its way, in milliseconds.
        package let queueMS: Double
    }

    package struct Stream: Sendable {
        package let id: StreamID
        package let packetsReceived: UInt64
        package let payloadBytesReceived: UInt64
        /// In all, as far as it was not repaired.
        package let packetsLost: Int64
        /// Sent to the uplink.
        package let keyFrameRequests: UInt64
    }

    /// Those whose uplink this worker has.
    package let streams: [Stream]
    /// Those that this worker serves.
    package let viewers: [Viewer]
    package let datagramsSent: UInt64
    package let bytesSent: UInt64
    /// The kernel had no room for them.
    package let datagramsDropped: UInt64
    /// Datagrams that were none of a peer's, by what was wrong with them.
    package let refusedDatagrams: [(reason: String, count: UInt64)]
    package let failedHandshakes: UInt64
    package let peers: Int
}
