/// The fixed part of an RTP packet's header (RFC 3550, section 5.1), read from bytes that nobody vouches for.
package struct RTPHeader: Equatable, Sendable {
    package static let minimumBytes = 12

    package let marker: Bool
    package let payloadType: UInt8
    package let sequenceNumber: UInt16
    package let timestamp: UInt32
    package let ssrc: UInt32

    /// Nil for what is shorter than a header or of another version than 2.
    package init?(_ bytes: some RandomAccessCollection<UInt8>) {
        guard bytes.count >= Self.minimumBytes else { return nil }
        func byte(_ offset: Int) -> UInt8 { bytes[bytes.index(bytes.startIndex, offsetBy: offset)] }
        guard byte(0) >> 6 == 2 else { return nil }
        marker = byte(1) & 0x80 != 0
        payloadType = byte(1) & 0x7F
        sequenceNumber = UInt16(byte(2)) << 8 | UInt16(byte(3))
        timestamp = (4..<8).reduce(0) { $0 << 8 | UInt32(byte($1)) }
        ssrc = (8..<12).reduce(0) { $0 << 8 | UInt32(byte($1)) }
    }
}
