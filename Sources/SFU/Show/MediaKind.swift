/// The two tracks of a show.
enum MediaKind: String, Sendable, CaseIterable {
    case video, audio

    /// Its place among a viewer's tracks.
    var number: Int { self == .video ? 0 : 1 }

    /// How long a track's ring remembers, in packets: about four seconds of a rich picture, five of sound.
    var ringCapacity: Int { self == .video ? 2_048 : 256 }

    /// Of its RTP timestamps, in hertz: every codec that is forwarded has this one (RFC 7587, RFC 7741, RFC 6184, …).
    var clockRate: UInt32 { self == .video ? 90_000 : 48_000 }
}
