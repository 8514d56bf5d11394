/// One RTP packet while it is sealed: its header is at `start`, the rest is written behind it.
struct OutgoingPacket {
    let start: UnsafeMutableRawPointer
    let headerBytes: Int
    /// Two bytes in front of the payload: a retransmission's original sequence number (RFC 4588, section 4).
    let prefix: UInt16?
    let payload: UnsafeRawBufferPointer
    let rolloverCounter: UInt32

    private var prefixBytes: Int { prefix == nil ? 0 : 2 }
    var body: UnsafeMutableRawPointer { start + headerBytes }
    /// What has to be signed by then: all but the tag.
    var byteCount: Int { headerBytes + prefixBytes + payload.count }
    var header: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: headerBytes) }
    var signed: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: byteCount) }
    var tag: UnsafeMutableRawPointer { start + byteCount }

    /// RFC 3550, section 5.1.
    var ssrc: UInt32 { UInt32(bigEndian: start.loadUnaligned(fromByteOffset: 8, as: UInt32.self)) }

    /// RFC 3711, section 3.3.1: the rollover counter, then the sequence number.
    var index: UInt64 {
        let sequence = UInt16(bigEndian: start.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        return UInt64(rolloverCounter) << 16 | UInt64(sequence)
    }

    /// Encrypts prefix and payload with a context whose message has begun.
    func encryptBody(_ context: borrowing CipherContext) -> Bool {
        guard let prefix else { return context.update(payload, to: body) }
        let isDone = withUnsafeBytes(of: prefix.bigEndian) { context.update($0, to: body) }
        return isDone && context.update(payload, to: body + prefixBytes)
    }
}
