/// The packets that were sent last, in the clear, for those who ask for one again (RFC 4585, section 6.2.1).
struct PacketHistory {
    private static let capacity = 1_024
    private var packets = [[UInt8]](repeating: [], count: capacity)

    init() {}

    mutating func note(_ packet: [UInt8], sequence: UInt16) { packets[Int(sequence) % Self.capacity] = packet }

    /// Nil when it is too old.
    func packet(_ sequence: UInt16) -> [UInt8]? {
        let packet = packets[Int(sequence) % Self.capacity]
        guard packet.count >= 12, packet[2] == UInt8(sequence >> 8), packet[3] == UInt8(truncatingIfNeeded: sequence)
        else { return nil }
        return packet
    }
}
