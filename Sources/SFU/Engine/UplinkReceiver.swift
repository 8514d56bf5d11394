import SRTP
import Wire

/// The receiving end of one uplink: opens its packets, and knows what to tell its sender.
final class UplinkReceiver {
    /// One track as it arrives.
    struct Track {
        let negotiated: NegotiatedTrack
        /// What the offer announced, or the first that came.
        var ssrc: UInt32?
        var statistics: ReceiverStatistics?
        var missing = MissingPackets()
        var clock = MediaClock()
    }

    let session: UplinkSession
    private(set) var tracks: [Track]
    private var feedback: TransportFeedback?
    private var feedbackSource: UInt32 = 0

    init(_ session: UplinkSession, tracks: [NegotiatedTrack], sources: [MediaKind: UInt32]) {
        self.session = session
        self.tracks = tracks.map { Track(negotiated: $0, ssrc: sources[$0.kind]) }
        feedback = tracks.contains { $0.transportExtension != nil } ? TransportFeedback() : nil
    }

    /// Notes an opened packet's arrival. Its kind; nil when it is of no track of this uplink.
    func receive(_ header: RTPHeader, _ packet: Span<UInt8>, at now: MonotonicTime) -> MediaKind? {
        guard let number = tracks.firstIndex(where: { $0.negotiated.payloadType == header.payloadType }),
            tracks[number].ssrc == nil || tracks[number].ssrc == header.ssrc
        else { return nil }
        if tracks[number].statistics == nil {
            tracks[number].ssrc = header.ssrc
            tracks[number].statistics = ReceiverStatistics(
                ssrc: header.ssrc, clockRate: tracks[number].negotiated.codec.clockRate)
        }
        tracks[number].statistics?.receive(header, bytes: packet.count, at: now)
        let kind = tracks[number].negotiated.kind
        if kind == .video { tracks[number].missing.receive(header.sequenceNumber, at: now) }
        if let id = tracks[number].negotiated.transportExtension,
            let sequence = header.extensionWord(id: id, in: packet)
        {
            feedback?.receive(sequence, at: now)
            feedbackSource = header.ssrc
        }
        return kind
    }

    /// The kind of media that the report is about; nil when it is about none of this uplink's.
    func receive(_ report: SenderReport, at now: MonotonicTime) -> MediaKind? {
        guard let number = tracks.firstIndex(where: { $0.ssrc == report.ssrc }) else { return nil }
        tracks[number].clock.take(report, at: now)
        tracks[number].statistics?.take(report, at: now)
        return tracks[number].negotiated.kind
    }

    var isMissingPackets: Bool { tracks.contains { !$0.missing.isEmpty } }
    var needsKeyFrame: Bool { tracks.contains { $0.missing.needsKeyFrame } }

    func track(_ kind: MediaKind) -> Track? { tracks.first { $0.negotiated.kind == kind } }

    func didRequestKeyFrame() {
        for number in tracks.indices { tracks[number].missing.didRequestKeyFrame() }
    }

    /// What to ask for again; nil when nothing is due.
    func repairRequest(sender: UInt32, at now: MonotonicTime) -> RTCPCompound? {
        var compound = RTCPCompound()
        compound.receiverReport(sender: sender)
        let empty = compound.bytes.count
        for number in tracks.indices {
            let lost = tracks[number].missing.due(at: now)
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
