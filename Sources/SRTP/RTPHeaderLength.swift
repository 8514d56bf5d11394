/// How long RTP headers are.
enum RTPHeaderLength {
    /// Without contributors and extension.
    static let least = 12

    /// In bytes, with contributors and extension (RFC 3550, sections 5.1 and 5.3.1). Nil for what isn't version 2, or
    /// when the packet ends before its header does.
    static func of(_ packet: UnsafeRawBufferPointer) -> Int? {
        guard packet.count >= least, packet[0] >> 6 == 2 else { return nil }
        let contributorsEnd = least + 4 * Int(packet[0] & 0x0F)
        let hasExtension = packet[0] & 0x10 != 0
        guard hasExtension else { return contributorsEnd <= packet.count ? contributorsEnd : nil }
        guard contributorsEnd + 4 <= packet.count else { return nil }
        let words = Int(packet[contributorsEnd + 2]) << 8 | Int(packet[contributorsEnd + 3])
        let end = contributorsEnd + 4 + 4 * words
        return end <= packet.count ? end : nil
    }
}
