import Wire

/// What one side of a session has agreed to send of one kind of media.
struct MediaTrack: Equatable, Sendable {
    enum Kind: String, Sendable { case audio, video }

    let mid: String
    let kind: Kind
    let payloadType: UInt8
    /// The payload type of retransmissions (RFC 4588); nil: lost packets are sent again as they were.
    let repairPayloadType: UInt8?
    /// Nil for audio, and for a codec that we can't look into.
    let codec: VideoCodec?
    /// Lost packets may be asked for (RFC 4585, section 6.2.1).
    let takesNACK: Bool
    /// The id of the header extension with transport-wide numbers; nil: packets have none.
    var transportExtension: UInt8?
}
