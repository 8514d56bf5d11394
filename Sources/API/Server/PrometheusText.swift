import SFU
import Wire

/// Metrics as Prometheus reads them (text format 0.0.4), one family after the other.
struct PrometheusText {
    private(set) var text = ""

    mutating func family(
        _ name: String, _ type: String, _ help: String, _ samples: [(labels: [String: String], value: Double)]
    ) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
        for sample in samples {
            let labels = sample.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\($0.value)\"" }
            let value = sample.value == sample.value.rounded() ? "\(Int64(sample.value))" : "\(sample.value)"
            text += "\(name)\(labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}") \(value)\n"
        }
    }

    mutating func family(_ name: String, _ type: String, _ help: String, _ value: Int) {
        family(name, type, help, [([:], Double(value))])
    }

    mutating func histogram(_ name: String, _ help: String, _ histogram: Histogram) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) histogram\n"
        for (bound, count) in zip(histogram.bounds.map { "\($0)" } + ["+Inf"], histogram.counts) {
            text += "\(name)_bucket{le=\"\(bound)\"} \(count)\n"
        }
        text += "\(name)_sum \(histogram.sum)\n\(name)_count \(histogram.counts.last ?? 0)\n"
    }

    /// What the relay does: in all and, with `namesStreams`, by stream and by viewer. Viewers have numbers here, as their
    /// names are their own.
    mutating func add(_ workers: [RelayStatistics], namesStreams: Bool) {
        family(
            "vitrine_relay_peers", "gauge", "Peers of the relay: uplinks and viewers.",
            workers.reduce(0) { $0 + $1.peers })
        addTotals(workers)
        let viewers = workers.flatMap(\.viewers).filter(\.isConnected)
        addLinks(viewers)
        guard namesStreams else { return }
        addStreams(workers.flatMap(\.streams))
        addViewers(viewers)
    }

    private mutating func addTotals(_ workers: [RelayStatistics]) {
        func total(_ value: (RelayStatistics) -> UInt64) -> Int { workers.reduce(0) { $0 + Int(value($1)) } }
        family(
            "vitrine_relay_datagrams_sent_total", "counter", "Media datagrams sent to viewers.",
            total(\.datagramsSent))
        family("vitrine_relay_bytes_sent_total", "counter", "Their bytes.", total(\.bytesSent))
        family(
            "vitrine_relay_datagrams_dropped_total", "counter", "Datagrams for which the kernel had no room.",
            total(\.datagramsDropped))
        family(
            "vitrine_relay_failed_handshakes_total", "counter", "DTLS handshakes that failed.",
            total(\.failedHandshakes))
        let refused = Dictionary(grouping: workers.flatMap(\.refusedDatagrams), by: \.reason)
        family(
            "vitrine_relay_refused_datagrams_total", "counter", "Datagrams that were none of a peer's.",
            refused.sorted { $0.key < $1.key }.map {
                (["reason": $0.key], Double($0.value.reduce(0) { $0 + $1.count }))
            })
    }

    private mutating func addStreams(_ streams: [RelayStatistics.Stream]) {
        func samples(_ value: (RelayStatistics.Stream) -> Double) -> [(labels: [String: String], value: Double)] {
            streams.map { (["stream": "\($0.id)"], value($0)) }
        }
        family(
            "vitrine_relay_uplink_packets_total", "counter", "Media packets from a stream's uplink.",
            samples { Double($0.packetsReceived) })
        family(
            "vitrine_relay_uplink_bytes_total", "counter", "Their bytes.", samples { Double($0.payloadBytesReceived) })
        family(
            "vitrine_relay_uplink_lost_packets", "gauge", "Packets of an uplink that never came.",
            samples { Double($0.packetsLost) })
        family(
            "vitrine_relay_key_frame_requests_total", "counter", "Key frames asked of an uplink.",
            samples { Double($0.keyFrameRequests) })
    }

    /// How viewers' links are, as distributions.
    private mutating func addLinks(_ viewers: [RelayStatistics.Viewer]) {
        let qualities = Dictionary(grouping: viewers, by: \.quality).mapValues(\.count)
        family(
            "vitrine_relay_viewers_by_quality", "gauge", "Relayed viewers by what their links let through.",
            [ViewingQuality.good, .weak, .soundOnly].map { (["quality": $0.rawValue], Double(qualities[$0] ?? 0)) })
        histogram(
            "vitrine_relay_link_bits_per_second", "What links are taken to carry, where something bounds them.",
            Histogram(bounds: [1e5, 2.5e5, 5e5, 1e6, 2e6, 4e6, 8e6], viewers.compactMap(\.estimatedRate)))
        histogram(
            "vitrine_relay_link_queue_seconds", "How long what is sent waits on its way.",
            Histogram(bounds: [0.01, 0.025, 0.05, 0.1, 0.2, 0.5], viewers.map { $0.queueMS / 1_000 }))
        histogram(
            "vitrine_relay_link_loss_ratio", "Loss as viewers last reported it.",
            Histogram(bounds: [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5], viewers.map(\.fractionLost)))
    }

    private mutating func addViewers(_ viewers: [RelayStatistics.Viewer]) {
        func samples(_ value: (RelayStatistics.Viewer) -> Double?) -> [(labels: [String: String], value: Double)] {
            viewers.compactMap { viewer in
                value(viewer).map { (["stream": "\(viewer.stream)", "viewer": viewer.name], $0) }
            }
        }
        family(
            "vitrine_relay_viewers", "gauge", "Viewers that are served by the relay.",
            Dictionary(grouping: viewers, by: \.stream).map { (["stream": "\($0)"], Double($1.count)) })
        family(
            "vitrine_relay_viewer_bytes_total", "counter", "Media bytes sent to a viewer.",
            samples { Double($0.payloadBytesSent) })
        family(
            "vitrine_relay_viewer_packets_total", "counter", "Media packets sent to a viewer.",
            samples { Double($0.packetsSent) })
        family(
            "vitrine_relay_viewer_loss_ratio", "gauge", "Loss as a viewer last reported it, from 0 to 1.",
            samples(\.fractionLost))
        family(
            "vitrine_relay_viewer_round_trip_seconds", "gauge", "A viewer's round trip.",
            samples { $0.roundTripMS.map { $0 / 1_000 } })
        family(
            "vitrine_relay_viewer_nacked_packets_total", "counter", "Packets that a viewer asked for again.",
            samples { Double($0.nackedPackets) })
        family(
            "vitrine_relay_viewer_repaired_packets_total", "counter", "Packets sent to a viewer again.",
            samples { Double($0.repairedPackets) })
        family(
            "vitrine_relay_viewer_key_frame_requests_total", "counter", "Key frames that a viewer asked for.",
            samples { Double($0.keyFrameRequests) })
    }
}
