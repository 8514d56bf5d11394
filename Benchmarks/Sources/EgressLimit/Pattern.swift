@testable import Rigs

/// What comes from a publisher, and when, over and over.
struct Pattern {
    /// What comes at once: a frame, or one packet of sound.
    struct Arrival {
        /// Since what came before.
        let milliseconds: Int64
        let isSound: Bool

        var packets: Int { isSound ? 1 : 9 }
        var payloadBytes: Int { isSound ? MediaSource.audioBytes : MediaSource.videoBytes }
    }

    private let arrivals: [Arrival]
    private var position = 0

    /// Frames alone.
    static let frames = Self(arrivals: [Arrival(milliseconds: 33, isSound: false)])

    /// A tenth of a second of 30 frames and 50 packets of sound a second. No two come at once: from sound to the frame
    /// behind it, it is 4, 11, 18, 24 and 31 ms.
    static let real = Self(
        arrivals: [
            (11, false), (9, true), (20, true), (4, false), (16, true), (18, false), (2, true), (20, true),
        ].map { Arrival(milliseconds: $0, isSound: $1) })

    private init(arrivals: [Arrival]) { self.arrivals = arrivals }

    /// In all of it, once.
    var packets: Int { arrivals.reduce(0) { $0 + $1.packets } }

    /// For memory that is to be large enough for any.
    static var largest: Arrival { frames.arrivals[0] }

    mutating func next() -> Arrival {
        defer { position = (position + 1) % arrivals.count }
        return arrivals[position]
    }
}
