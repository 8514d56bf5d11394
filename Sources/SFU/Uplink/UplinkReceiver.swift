import SRTP
import Wire

/// The receiving end of one uplink: opens its packets, and knows what to tell its sender.
final class UplinkReceiver {
    /// One track as it arrives.
    struct Track {
        let negotiated: NegotiatedTrack
        fileprivate let kind: MediaKind
        fileprivate(set) var source: TrackSource
        fileprivate(set) var statistics: ReceiverStatistics?
        fileprivate var missing = MissingPackets()
        fileprivate(set) var clock = MediaClock()
        /// Its source has said that it sends nothing any more.
        fileprivate var hasSaidGoodbye = false

        init(_ negotiated: NegotiatedTrack, announced: UInt32?) {
            self.negotiated = negotiated
            kind = negotiated.kind
            source = TrackSource(announced: announced, layers: negotiated.rids)
        }

        var ssrc: UInt32? { source.ssrc }

        /// Notes a packet of the present source. False when it is another's, or its source's first.
        fileprivate mutating func receive(_ header: RTPHeader, bytes: Int, at now: MonotonicTime) -> Bool {
            guard source.isCurrent(header.ssrc, at: now), statistics != nil else { return false }
            statistics?.receive(header, bytes: bytes, at: now)
            if kind == .video { missing.receive(header.sequenceNumber, at: now) }
            if hasSaidGoodbye { hasSaidGoodbye = false }
            return true
        }
    }

    /// What packets of a payload type are, worked out once.
    private struct PayloadUse {
        let track: Int
        let kind: MediaKind
        let isRepair: Bool
        let transportExtension: UInt8?
    }

    /// What an opened packet is.
    enum Arrival {
        /// A packet of a track, as its source sent it first: `header` says where its payload is.
        case media(MediaKind, RTPHeader)
        /// The track has another source from now on. `held` has come before this packet, and is to be given here again
        /// with it.
        case begun(MediaKind, held: [[UInt8]])
        /// Nothing to pass on: a probe, another layer, a source that isn't known well enough.
        case nothing
        case unknown
    }

    private static let assumedRoundTripMS: Int64 = 100

    let session: UplinkSession
    /// By payload type.
    private let uses: [PayloadUse?]
    private(set) var tracks: [Track]
    /// As our own checks have measured it.
    var roundTripMS = assumedRoundTripMS
    private var feedback: TransportFeedback?
    private var feedbackSource: UInt32 = 0

    init(_ session: UplinkSession, tracks: [NegotiatedTrack], sources: [MediaKind: UInt32]) {
        self.session = session
        self.tracks = tracks.map { Track($0, announced: sources[$0.kind]) }
        uses = Self.uses(of: tracks)
        feedback = tracks.contains { $0.transportExtension != nil } ? TransportFeedback() : nil
    }

    private static func uses(of tracks: [NegotiatedTrack]) -> [PayloadUse?] {
        var uses = [PayloadUse?](repeating: nil, count: 128)
        for (number, track) in tracks.enumerated() {
            for (payloadType, isRepair) in [(track.repairPayloadType, true), (track.payloadType, false)] {
                guard let payloadType, payloadType < 128 else { continue }
                uses[Int(payloadType)] = PayloadUse(
                    track: number, kind: track.kind, isRepair: isRepair, transportExtension: track.transportExtension)
            }
        }
        return uses
    }

    /// Notes an opened packet's arrival, and tells what it is.
    func receive(_ header: RTPHeader, _ packet: Span<UInt8>, at now: MonotonicTime) -> Arrival {
        guard let use = uses[Int(header.payloadType & 0x7F)] else { return .unknown }
        if let id = use.transportExtension, let sequence = header.extensionWord(id: id, in: packet) {
            feedback?.receive(sequence, at: now)
            feedbackSource = header.ssrc
        }
        if use.isRepair { return receiveRepair(header, packet, track: use.track, at: now) }
        if tracks[use.track].receive(header, bytes: packet.count, at: now) { return .media(use.kind, header) }
        return receiveOther(header, packet, track: use.track, at: now)
    }

    private func receiveOther(
        _ header: RTPHeader, _ packet: Span<UInt8>, track number: Int, at now: MonotonicTime
    ) -> Arrival {
        var layer: String?
        if tracks[number].source.hasLayers, let id = tracks[number].negotiated.ridExtension {
            layer = header.extensionText(id: id, in: packet)
        }
        switch tracks[number].source.receive(header, layer: layer, packet, at: now) {
        case .current, .adopted:
            begin(header, track: number)
            return .begun(tracks[number].kind, held: tracks[number].source.takeHeld())
        case .held, .otherLayer: return .nothing
        }
    }

    private func begin(_ header: RTPHeader, track number: Int) {
        if tracks[number].statistics != nil { tracks[number].clock = MediaClock() }
        tracks[number].statistics = ReceiverStatistics(
            ssrc: header.ssrc, clockRate: tracks[number].negotiated.codec.clockRate)
        tracks[number].missing = MissingPackets()
        tracks[number].hasSaidGoodbye = false
    }

    /// RFC 4588: the lost packet is in there; a probe has none.
    private func receiveRepair(
        _ header: RTPHeader, _ packet: Span<UInt8>, track number: Int, at now: MonotonicTime
    ) -> Arrival {
        let (negotiated, source) = (tracks[number].negotiated, tracks[number].source)
        if source.hasLayers, let id = negotiated.repairedRidExtension,
            let layer = header.extensionText(id: id, in: packet), layer != source.layer
        {
            return .nothing
        }
        guard let ssrc = source.ssrc, tracks[number].statistics != nil,
            let original = header.repaired(payloadType: negotiated.payloadType, ssrc: ssrc, in: packet)
        else { return .nothing }
        tracks[number].missing.receive(original.sequenceNumber, at: now)
        return .media(negotiated.kind, original)
    }

    /// The kind of media that the report is about; nil when it is about none of this uplink's.
    func receive(_ report: SenderReport, at now: MonotonicTime) -> MediaKind? {
        guard let number = tracks.firstIndex(where: { $0.ssrc == report.ssrc }) else { return nil }
        tracks[number].clock.take(report, at: now)
        tracks[number].statistics?.take(report, at: now)
        return tracks[number].negotiated.kind
    }

    /// Whether all that it has sent has been taken leave of.
    func receiveGoodbye(of sources: [UInt32]) -> Bool {
        for number in tracks.indices where tracks[number].ssrc.map(sources.contains) == true {
            tracks[number].hasSaidGoodbye = true
        }
        let begun = tracks.filter { $0.statistics != nil }
        return !begun.isEmpty && begun.allSatisfy(\.hasSaidGoodbye)
    }

    var isMissingPackets: Bool { tracks.contains { !$0.missing.isEmpty } }
    var needsKeyFrame: Bool { tracks.contains { $0.missing.needsKeyFrame } }
    /// How often a track's source has changed.
    var sourceChanges: Int { tracks.reduce(0) { $0 + $1.source.changes } }

    func track(_ kind: MediaKind) -> Track? { tracks.first { $0.negotiated.kind == kind } }

    func didRequestKeyFrame() {
        for number in tracks.indices { tracks[number].missing.didRequestKeyFrame() }
    }

    /// What to ask for again; nil when nothing is due.
    func repairRequest(sender: UInt32, at now: MonotonicTime) -> RTCPCompound? {
        var compound = RTCPCompound()
        // RFC 5506: some read no further than a report that stands before.
        if !tracks.contains(where: \.negotiated.takesReducedSize) { compound.receiverReport(sender: sender) }
        let empty = compound.bytes.count
        for number in tracks.indices {
            let lost = tracks[number].missing.due(at: now, roundTripMS: roundTripMS)
            if !lost.isEmpty, let ssrc = tracks[number].ssrc { compound.nack(sender: sender, media: ssrc, lost: lost) }
        }
        return compound.bytes.count > empty ? compound : nil
    }

    /// Arrivals since the last call, for the sender's estimate of its network.
    func transportReports(sender: UInt32) -> [[UInt8]] {
        var reports: [[UInt8]] = []
        while reports.count < 4, let report = feedback?.build(sender: sender, media: feedbackSource) {
            reports.append(report)
        }
        return reports
    }

    /// A receiver report of every track (RFC 3550, section 6.4.2).
    func report(sender: UInt32, at now: MonotonicTime) -> RTCPCompound {
        var blocks: [ReportBlock] = []
        for number in tracks.indices {
            if let block = tracks[number].statistics?.reportBlock(at: now) { blocks.append(block) }
        }
        var compound = RTCPCompound()
        compound.receiverReport(sender: sender, blocks)
        compound.canonicalName(RelayName.canonical, of: sender)
        return compound
    }
}
