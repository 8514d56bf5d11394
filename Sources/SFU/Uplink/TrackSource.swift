import Wire

/// Which of an uplink's sources sends one track (RFC 8843, section 9.2): the one that its offer names, or the first that
/// comes. Another one takes its place when it has fallen silent and the other's packets come in order: an encoder that
/// has begun anew. Of the layers of a simulcast (RFC 8853) one is forwarded, and they are never mixed.
struct TrackSource {
    enum Verdict {
        /// It is the track's.
        case current
        /// It is the track's from now on; what it sent before is to be had by `takeHeld`.
        case adopted
        /// It may become the track's.
        case held
        /// A layer that isn't forwarded.
        case otherLayer
    }

    private struct Candidate {
        let ssrc: UInt32
        var last: UInt16
        var packets: [[UInt8]]
    }

    /// In order, without one of the present source between.
    private static let neededPackets = 3
    /// A layer that its encoder has given up is silent for so long.
    private static let silenceMS: Int64 = 2_000

    private(set) var ssrc: UInt32?
    /// How often another one has taken over.
    private(set) var changes = 0
    /// The layer that is forwarded; nil where there is but one.
    private(set) var layer: String?
    private let layers: [String]
    private var lastHeard: MonotonicTime?
    private var candidate: Candidate?
    private var held: [[UInt8]] = []

    /// `announced`: as the offer has it. `layers`: the names that it gives, the one it likes best first.
    init(announced: UInt32?, layers: [String]) {
        ssrc = layers.isEmpty ? announced : nil
        self.layers = layers
        layer = layers.first
    }

    /// Whether layers have to be told apart, by a header extension.
    var hasLayers: Bool { layers.count > 1 }

    /// Whether a packet is of the present source, which is there, then. The way of nearly every packet.
    mutating func isCurrent(_ other: UInt32, at now: MonotonicTime) -> Bool {
        guard other == ssrc else { return false }
        lastHeard = now
        if candidate != nil { candidate = nil }
        return true
    }

    /// `name`: the layer that the packet says it is of.
    mutating func receive(
        _ header: RTPHeader, layer name: String?, _ packet: Span<UInt8>, at now: MonotonicTime
    ) -> Verdict {
        if isCurrent(header.ssrc, at: now) { return .current }
        if let name, hasLayers { return receive(header.ssrc, ofLayer: name, at: now) }
        guard ssrc != nil || hasLayers else { return adopt(header.ssrc, at: now) }
        return consider(header, packet, at: now)
    }

    private mutating func receive(_ other: UInt32, ofLayer name: String, at now: MonotonicTime) -> Verdict {
        if name == layer { return adopt(other, at: now) }
        lastHeard = lastHeard ?? now
        let silence = lastHeard.map { now.milliseconds(since: $0) } ?? 0
        guard layers.contains(name), silence > Self.silenceMS else { return .otherLayer }
        layer = name
        return adopt(other, at: now)
    }

    private mutating func consider(_ header: RTPHeader, _ packet: Span<UInt8>, at now: MonotonicTime) -> Verdict {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(packet.count)
        for offset in packet.indices { bytes.append(packet[offset]) }
        if candidate?.ssrc == header.ssrc, candidate.map({ $0.last &+ 1 == header.sequenceNumber }) == true {
            candidate?.last = header.sequenceNumber
            candidate?.packets.append(bytes)
        } else {
            candidate = Candidate(ssrc: header.ssrc, last: header.sequenceNumber, packets: [bytes])
        }
        guard let candidate, candidate.packets.count >= Self.neededPackets else { return .held }
        held = candidate.packets.dropLast()
        return adopt(header.ssrc, at: now)
    }

    private mutating func adopt(_ other: UInt32, at now: MonotonicTime) -> Verdict {
        if ssrc != nil { changes += 1 }
        ssrc = other
        lastHeard = now
        candidate = nil
        return .adopted
    }

    /// What the adopted source sent while it was looked at, in order.
    mutating func takeHeld() -> [[UInt8]] {
        defer { held = [] }
        return held
    }
}
