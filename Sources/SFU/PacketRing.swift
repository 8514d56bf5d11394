import Wire

/// The last packets of one track by sequence number: broadcast bus, and memory for what must be sent again. Its size
/// does not depend on how many watch.
struct PacketRing {
    private var slots: [[UInt8]?]
    private var newest: UInt16?

    /// `capacity` is a power of two, so that sequence numbers wrap around it evenly.
    init(capacity: Int) {
        precondition(capacity.nonzeroBitCount == 1 && capacity <= 32_768)
        slots = Array(repeating: nil, count: capacity)
    }

    /// Keeps a packet, and tells which ones before it are missing (up to `limit`).
    mutating func insert(_ packet: [UInt8], sequenceNumber: UInt16, limit: Int = 32) -> [UInt16] {
        slots[Int(sequenceNumber) & (slots.count - 1)] = packet
        guard let newest else {
            self.newest = sequenceNumber
            return []
        }
        let ahead = Int16(bitPattern: sequenceNumber &- newest)
        guard ahead > 0 else { return [] }
        self.newest = sequenceNumber
        guard ahead > 1, Int(ahead) - 1 <= limit else { return [] }
        return (1..<UInt16(ahead)).map { newest &+ $0 }
    }

    /// Nil when it never came, or has been overwritten.
    func packet(_ sequenceNumber: UInt16) -> [UInt8]? {
        guard let packet = slots[Int(sequenceNumber) & (slots.count - 1)],
            RTPHeader(packet)?.sequenceNumber == sequenceNumber
        else { return nil }
        return packet
    }
}
