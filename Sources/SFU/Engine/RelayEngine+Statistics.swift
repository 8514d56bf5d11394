import Congestion
import Net
import Wire

extension RelayEngine {
    /// `counts`: what became of what was sent.
    func statistics(_ counts: UDPPort.Counts, at now: MonotonicTime) -> RelayStatistics {
        RelayStatistics(
            streams: shows.values.map(statistics),
            viewers: audiences.values.flatMap { audience in
                audience.viewers.compactMap { peers[$0] }.map { statistics($0, of: audience, at: now) }
            }, datagramsSent: counts.datagrams, bytesSent: counts.bytes,
            datagramsDropped: counts.dropped,
            refusedDatagrams: [
                ("stray", counters.strayDatagrams), ("forged", counters.forgedPackets),
                ("replayed", counters.replayedPackets), ("malformed", counters.malformedPackets),
                ("limited", checks.refused), ("misplaced", counters.misplacedChecks),
                ("unknown", counters.unknownPackets), ("oversized", counters.oversizedPackets),
            ], failedHandshakes: counters.failedHandshakes, peers: peers.count)
    }

    private func statistics(_ show: RelayShow) -> RelayStatistics.Stream {
        let tracks = show.uplink.receiver?.tracks ?? []
        return RelayStatistics.Stream(
            id: show.stream, packetsReceived: show.packetsIn,
            payloadBytesReceived: tracks.reduce(0) { $0 + ($1.statistics?.bytes ?? 0) },
            packetsLost: tracks.reduce(0) { $0 + Int64(max(0, $1.statistics?.lost ?? 0)) },
            keyFrameRequests: show.uplink.statistics.keyFrameRequests)
    }

    private func statistics(_ viewer: RelayPeer, of audience: Audience, at now: MonotonicTime) -> RelayStatistics.Viewer
    {
        var (packets, bytes): (UInt64, UInt64) = (0, 0)
        if let position = viewer.seat?.position {
            for kind in MediaKind.allCases {
                let track = audience.downlinks.pointer(position).pointee.tracks[kind.number]
                packets += track.packetsSent
                bytes += track.payloadBytesSent
            }
        }
        return RelayStatistics.Viewer(
            stream: viewer.stream, session: viewer.id, name: "\(place.number)-\(viewer.number)",
            isConnected: viewer.connection != nil, packetsSent: packets,
            payloadBytesSent: bytes, fractionLost: Double(viewer.statistics.fractionLost) / 256,
            roundTripMS: viewer.statistics.roundTripMS, nackedPackets: viewer.statistics.nackedPackets,
            repairedPackets: viewer.statistics.repairedPackets, keyFrameRequests: viewer.statistics.keyFrameRequests,
            quality: viewer.seat?.link.quality ?? .good, estimatedRate: viewer.seat?.link.estimate.rate,
            queueMS: viewer.seat?.link.estimate.queueMS(at: now) ?? 0)
    }
}
