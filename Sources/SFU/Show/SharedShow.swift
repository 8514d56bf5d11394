import Synchronization
import Wire

/// What all workers need to know of a show in order to serve it, as its present uplink has it.
struct ShowDescription: Sendable {
    struct Track: Sendable {
        let feed: TrackFeed
        let codec: Codec
    }

    let stream: StreamID
    let attendance: Attendance
    let tracks: [Track]
    /// What the picture is looked into as; nil for none.
    let videoCodec: VideoCodec?

    init(stream: StreamID, attendance: Attendance, tracks: [Track]) {
        self.stream = stream
        self.attendance = attendance
        self.tracks = tracks
        videoCodec = tracks.first { $0.feed.kind == .video }?.codec.video
    }

    func feed(_ kind: MediaKind) -> TrackFeed? { tracks.first { $0.feed.kind == kind }?.feed }

    var sources: [MediaKind: MediaSources] {
        Dictionary(uniqueKeysWithValues: tracks.map { ($0.feed.kind, $0.feed.sources) })
    }

    var codecs: [MediaKind: Codec] { Dictionary(uniqueKeysWithValues: tracks.map { ($0.feed.kind, $0.codec) }) }

    /// Whether who plays this one plays the other, too.
    func isPlayedAlike(_ other: ShowDescription) -> Bool {
        tracks.allSatisfy { track in
            guard let codec = other.codecs[track.feed.kind] else { return true }
            return codec.match(track.codec) != nil
        }
    }

    /// What viewers are offered: payload types of the relay's own, the same for all.
    var offeredTracks: [NegotiatedTrack] {
        tracks.enumerated().map { number, track in
            let isVideo = track.feed.kind == .video
            var offered = NegotiatedTrack(
                section: number, mid: String(number), kind: track.feed.kind, codec: track.codec.forPlayers,
                payloadType: isVideo ? 96 : 111, repairPayloadType: isVideo ? 97 : nil)
            if isVideo { offered.transportExtension = Self.transportExtension }
            // Players describe the profiles that they were tested with, and play more: most decode H.264 of any profile.
            if track.codec.video == .h264, Self.commonH264.match(track.codec) != .exact {
                offered.alternative = .init(codec: Self.commonH264, payloadType: 98, repairPayloadType: 99)
            }
            return offered
        }
    }

    private static let transportExtension: UInt8 = 3

    /// The H.264 that every player with H.264 says it plays: constrained baseline.
    private static let commonH264 = Codec(
        name: "H264/90000", parameters: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f")
}

/// On which workers a show has viewers, a bit each.
final class Attendance: Sendable {
    private let bits = Atomic<UInt64>(0)

    var workers: UInt64 { bits.load(ordering: .relaxed) }

    func set(_ worker: Int, isThere: Bool) {
        let bit: UInt64 = 1 << UInt64(worker)
        if isThere {
            bits.bitwiseOr(bit, ordering: .relaxed)
        } else {
            bits.bitwiseAnd(~bit, ordering: .relaxed)
        }
    }
}

/// What workers' engines tell each other about shows. The packets themselves are in the rings.
enum ShowNews: Sendable {
    /// An uplink is there, or another one has taken over.
    case opened(ShowDescription)
    /// A packet has come behind others that are out already.
    case late(StreamID, MediaKind, index: UInt64)
    case clock(StreamID, MediaKind, ShowClock)
    /// Nothing comes any more.
    case closed(StreamID)
    /// For the engine that has the uplink.
    case keyFrameWanted(StreamID)
}

/// A track's clocks in the viewers' form.
struct ShowClock: Sendable {
    let uplink: MediaClock
    /// From the uplink's RTP time to the show's.
    let timestampOffset: UInt32

    /// What they show now; nil before the uplink's first report.
    func reading(at now: MonotonicTime, kind: MediaKind) -> (ntp: UInt64, rtp: UInt32)? {
        uplink.reading(at: now, clockRate: kind.clockRate).map { ($0.ntp, $0.rtp &+ timestampOffset) }
    }
}
