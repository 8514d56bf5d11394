/// The numbers of one source that is sent.
struct PublishedTrack {
    static let headerBytes = 12

    let payloadType: UInt8
    let ssrc: UInt32
    /// Of the next packet; what is beyond 16 bits is the rollover counter (RFC 3711, section 3.3.1).
    private(set) var index: UInt32
    private(set) var packets: UInt32 = 0
    private(set) var payloadBytes: UInt32 = 0

    init(payloadType: UInt8, ssrc: UInt32, firstSequence: UInt16) {
        self.payloadType = payloadType
        self.ssrc = ssrc
        index = UInt32(firstSequence)
    }

    /// The next packet's header (RFC 3550, section 5.1) with room for its payload.
    mutating func packet(_ payload: [UInt8], timestamp: UInt32, isLast: Bool) -> [UInt8] {
        defer {
            index &+= 1
            packets &+= 1
            payloadBytes &+= UInt32(payload.count)
        }
        return Self.header(
            payloadType, isLast, UInt16(truncatingIfNeeded: index), timestamp: timestamp, ssrc: ssrc) + payload
    }

    static func header(
        _ payloadType: UInt8, _ marker: Bool, _ sequence: UInt16, timestamp: UInt32, ssrc: UInt32
    ) -> [UInt8] {
        var bytes: [UInt8] = [0x80, (marker ? 0x80 : 0) | payloadType, UInt8(sequence >> 8), UInt8(sequence & 0xFF)]
        for word in [timestamp, ssrc] {
            for shift: UInt32 in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        return bytes
    }
}
