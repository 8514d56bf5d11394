import SFU
import Wire

/// What the relay does for one stream, as its admin sees it.
struct RelayReport: Encodable {
    struct Uplink: Encodable {
        let packetsReceived: UInt64
        let bytesReceived: UInt64
        let packetsLost: Int64
        let keyFrameRequests: UInt64

        private enum CodingKeys: String, CodingKey {
            case packetsReceived = "packets_received"
            case bytesReceived = "bytes_received"
            case packetsLost = "packets_lost"
            case keyFrameRequests = "key_frame_requests"
        }
    }

    struct Viewer: Encodable {
        /// Nil for a player that came by WHEP.
        let viewerID: ClientID?
        let connected: Bool
        let bytesSent: UInt64
        let loss: Double
        let roundTripMS: Double?
        let nackedPackets: UInt64
        let repairedPackets: UInt64
        let keyFrameRequests: UInt64
        let quality: ViewingQuality
        let estimatedRate: Double?

        private enum CodingKeys: String, CodingKey {
            case viewerID = "viewer_id"
            case connected
            case bytesSent = "bytes_sent"
            case loss
            case roundTripMS = "round_trip_ms"
            case nackedPackets = "nacked_packets"
            case repairedPackets = "repaired_packets"
            case keyFrameRequests = "key_frame_requests"
            case quality
            case estimatedRate = "estimated_bits_per_second"
        }

        init(_ viewer: RelayStatistics.Viewer, id: ClientID?) {
            viewerID = id
            connected = viewer.isConnected
            bytesSent = viewer.payloadBytesSent
            loss = viewer.fractionLost
            roundTripMS = viewer.roundTripMS
            nackedPackets = viewer.nackedPackets
            repairedPackets = viewer.repairedPackets
            keyFrameRequests = viewer.keyFrameRequests
            quality = viewer.quality
            estimatedRate = viewer.estimatedRate?.rounded()
        }
    }

    /// Nil when nobody publishes to the relay.
    let uplink: Uplink?
    let viewers: [Viewer]

    init(_ stream: RelayStatistics.Stream?, viewers: [Viewer]) {
        uplink = stream.map {
            Uplink(
                packetsReceived: $0.packetsReceived, bytesReceived: $0.payloadBytesReceived,
                packetsLost: $0.packetsLost, keyFrameRequests: $0.keyFrameRequests)
        }
        self.viewers = viewers
    }
}
