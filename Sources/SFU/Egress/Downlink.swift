import Congestion
import SRTP
import Wire

/// What one viewer gets of one track: where it reads, and how packets are numbered for it.
struct DownlinkTrack {
    /// Nil: the viewer takes nothing of this kind.
    private(set) var payloadType: UInt8?
    /// Nil: what is lost is sent again as it was.
    let repairPayloadType: UInt8?
    /// The id of the header extension with its transport-wide numbers; 0: it has none.
    let transportExtension: UInt8
    /// It is served by itself, within its rate, not with all others.
    var isPaced = false
    /// The index that it began with; nil while it waits for something to begin with.
    private(set) var first: UInt64?
    /// The index that would have the viewer's sequence number 0 with rollover 0.
    private var base: UInt64 = 0
    /// The next index to read.
    var next: UInt64 = 0
    private var repairSequence: UInt64
    private(set) var packetsSent: UInt64 = 0
    /// Without padding (RFC 3550, section 6.4.1).
    private(set) var payloadBytesSent: UInt64 = 0

    init(_ track: NegotiatedTrack?, using generator: inout some RandomNumberGenerator) {
        payloadType = track?.payloadType
        repairPayloadType = track?.repairPayloadType
        transportExtension = track?.transportExtension ?? 0
        repairSequence = UInt64.random(in: 0..<0x4000, using: &generator)
    }

    /// Begins to read at `index`. The first sequence number is random, and far enough from a wrap that a receiver can't
    /// miss one (RFC 3711, section 3.3.1).
    /// Who has rested goes on with the number behind its last: none is used twice.
    mutating func begin(at index: UInt64, using generator: inout some RandomNumberGenerator) {
        defer {
            first = index
            next = index
        }
        guard next == 0 else { return base = index &- number(of: next) }
        base = index - UInt64.random(in: 0..<0x4000, using: &generator)
    }

    /// Sequence number and, above it, the rollover counter of a packet for this viewer.
    func number(of index: UInt64) -> UInt64 { index &- base }

    /// Whether there was nothing yet to begin with.
    var isWaiting: Bool { payloadType != nil && first == nil }

    /// The index of a packet that the viewer was sent as this number; nil when pictures were left out since.
    func index(of number: UInt64) -> UInt64? {
        guard let first, number &+ base >= first, number &+ base < next else { return nil }
        return number &+ base
    }

    /// Goes on behind what can't be had any more.
    mutating func skip(to index: UInt64) { next = max(next, index) }

    /// Nothing is to be seen of this packet, the next one: what follows has its number. Who asks for what was before it
    /// has to be told by `Thinning`.
    mutating func leaveOut() {
        next += 1
        base += 1
        first = next
    }

    /// One packet has been sent, or has never come.
    mutating func advance() { next += 1 }

    /// How far indices are above the numbers that come next.
    var offset: UInt64 { base }

    /// The full number, the nearest to the newest, of one that the viewer has named; nil for one that isn't sent yet.
    func fullNumber(_ sequence: UInt16) -> UInt64? {
        guard next > 0 else { return nil }
        let newest = number(of: next - 1)
        let behind = UInt16(truncatingIfNeeded: newest) &- sequence
        return behind < 0x8000 ? newest &- UInt64(behind) : nil
    }

    /// Its connection takes no more: it waits for something to begin with, as at first.
    mutating func rest() { first = nil }

    /// Nothing of this kind is sent to it any more: it has been told of another codec.
    mutating func stop() { self.payloadType = nil }

    /// Whether a packet that came late is one of those that it has been past.
    func isPast(_ index: UInt64) -> Bool { !isPaced && first.map { $0 <= index && index < next } ?? false }

    /// Whether it has been sent all before this index, and nothing from there on, and goes with the others.
    func isAt(_ index: UInt64) -> Bool { next == index && first != nil && !isPaced }

    mutating func count(packets: Int, payloadBytes: Int) {
        packetsSent &+= UInt64(truncatingIfNeeded: packets)
        payloadBytesSent &+= UInt64(truncatingIfNeeded: payloadBytes)
    }

    mutating func nextRepairNumber() -> UInt64 {
        defer { repairSequence += 1 }
        return repairSequence
    }
}

/// The part of a viewer that is looked at for every frame. It lies in one array with the others, and nothing in it is
/// counted by reference.
struct Downlink: ~Copyable {
    /// Whose it is.
    let session: RelaySessionID
    var endpoint: Endpoint
    var sealer: RTPSealer
    /// By `MediaKind.number`.
    var tracks: InlineArray<2, DownlinkTrack>
    /// What it reports on.
    var history: SendHistory

    init(
        session: RelaySessionID, endpoint: Endpoint, sealer: consuming RTPSealer, video: DownlinkTrack,
        audio: DownlinkTrack
    ) {
        history = SendHistory(isKept: video.transportExtension != 0 || audio.transportExtension != 0)
        self.session = session
        self.endpoint = endpoint
        self.sealer = sealer
        tracks = [video, audio]
    }
}
