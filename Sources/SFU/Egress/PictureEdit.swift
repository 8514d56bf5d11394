import Wire

/// What is changed in a packet of a picture on its way to one viewer, for whom pictures before it were left out: a decoder
/// takes a gap in VP8's picture numbers for a loss (RFC 7741, section 4.2).
struct PictureEdit {
    static let none = PictureEdit(offset: 0, isLong: false, value: 0)

    /// 0: nothing is changed. A descriptor's first byte is never a number.
    private let offset: Int
    private let isLong: Bool
    private let value: UInt16

    private init(offset: Int, isLong: Bool, value: UInt16) {
        self.offset = offset
        self.isLong = isLong
        self.value = value
    }

    /// `shift`: so many pictures were left out.
    init(_ descriptor: VP8Descriptor?, shift: UInt16) {
        guard shift != 0, let number = descriptor?.pictureID else {
            self = .none
            return
        }
        self.init(offset: number.offset, isLong: number.isLong, value: number.value &- shift)
    }

    var isNeeded: Bool { offset > 0 }

    func apply(to payload: UnsafeMutableRawBufferPointer) {
        guard isNeeded, offset + (isLong ? 2 : 1) <= payload.count else { return }
        guard isLong else { return payload[offset] = UInt8(value & 0x7F) }
        payload[offset] = 0x80 | UInt8(value >> 8 & 0x7F)
        payload[offset + 1] = UInt8(value & 0xFF)
    }
}
