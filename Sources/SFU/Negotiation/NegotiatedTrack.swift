/// One accepted track of one peer.
struct NegotiatedTrack: Equatable, Sendable {
    /// The section's name in the peer's SDP (RFC 9143).
    let mid: String
    let kind: MediaKind
    let codec: Codec
    let payloadType: UInt8
    /// The payload type of its retransmissions (RFC 4588); nil: lost packets are sent again as they were.
    var repairPayloadType: UInt8?
    /// The id of the transport-wide sequence number's header extension, on an uplink.
    var transportExtension: UInt8?
    /// The ids of those that name a packet's section and layer (RFC 9143, section 16; RFC 8852, section 4).
    var midExtension: UInt8?
    var ridExtension: UInt8?
    var repairedRidExtension: UInt8?
    /// The layers that an uplink offers, the one it likes best first (RFC 8853); empty without simulcast.
    var rids: [String] = []
}
