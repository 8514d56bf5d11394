/// What stands before the picture in each VP8 packet (RFC 7741, section 4.2), as far as a relay needs it.
package struct VP8Descriptor: Equatable, Sendable {
    /// Where the picture's number is in the payload, and whether it has 15 bits or 7; nil when there is none.
    package private(set) var pictureID: (offset: Int, isLong: Bool, value: UInt16)?
    /// How many frames depend on this one, the fewer the higher: 0 is what all others build on; nil when it isn't said.
    package private(set) var temporalLayer: UInt8?
    /// It is built on layer 0 only: who has left out its layer may take it up here.
    package private(set) var isSync = false
    /// The first packet of a picture.
    package let beginsPicture: Bool
    package let bytes: Int

    /// Nil for what is cut off.
    package init?(_ payload: Span<UInt8>) {
        guard payload.count > 1 else { return nil }
        beginsPicture = payload[0] & 0x10 != 0 && payload[0] & 0x07 == 0
        guard payload[0] & 0x80 != 0 else {
            bytes = 1
            return
        }
        let extensions = payload[1]
        var offset = 2
        if extensions & 0x80 != 0 {
            guard payload.count > offset + 1 else { return nil }
            let isLong = payload[offset] & 0x80 != 0
            let high = UInt16(payload[offset] & 0x7F)
            pictureID = (offset, isLong, isLong ? high << 8 | UInt16(payload[offset + 1]) : high)
            offset += isLong ? 2 : 1
        }
        if extensions & 0x40 != 0 { offset += 1 }
        if extensions & 0x30 != 0 {
            guard payload.count > offset else { return nil }
            if extensions & 0x20 != 0 {
                temporalLayer = payload[offset] >> 6
                isSync = payload[offset] & 0x20 != 0
            }
            offset += 1
        }
        bytes = offset
    }

    package static func == (one: Self, other: Self) -> Bool {
        one.bytes == other.bytes && one.temporalLayer == other.temporalLayer && one.isSync == other.isSync
            && one.beginsPicture == other.beginsPicture && one.pictureID?.value == other.pictureID?.value
    }
}
