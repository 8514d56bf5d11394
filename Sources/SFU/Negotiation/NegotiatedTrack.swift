/// One accepted track of one peer.
struct NegotiatedTrack: Equatable, Sendable {
    /// Which section of the description it is.
    var section = 0
    /// The section's name (RFC 9143); nil for a peer that gives none.
    let mid: String?
    let kind: MediaKind
    let codec: Codec
    let payloadType: UInt8
    /// The payload type of its retransmissions (RFC 4588); nil: lost packets are sent again as they were.
    var repairPayloadType: UInt8?
    /// The same codec under another description, for players that play more than they say.
    var alternative: Alternative?
    /// The id of the transport-wide sequence number's header extension; nil: its packets have none.
    var transportExtension: UInt8?
    /// The ids of those that name a packet's section and layer (RFC 9143, section 16; RFC 8852, section 4).
    var midExtension: UInt8?
    var ridExtension: UInt8?
    var repairedRidExtension: UInt8?
    /// The layers that an uplink offers, the one it likes best first (RFC 8853); empty without simulcast.
    var rids: [String] = []
    /// What of RTCP the peer has offered to answer, as in its `rtcp-fb` lines (RFC 4585, section 4.2).
    var feedback: [String] = []
    /// Reports needn't stand before what is said (RFC 5506).
    var takesReducedSize = false

    struct Alternative: Equatable, Sendable {
        let codec: Codec
        let payloadType: UInt8
        let repairPayloadType: UInt8
    }
}
