import Wire

/// What is to go to every viewer that keeps up: worked out once, carried out for each.
///
/// A group is one message of the kernel's segmentation (UDP_SEGMENT): packets of equal length, of which the last may be
/// shorter.
struct SendPlan: ~Copyable {
    struct Group {
        let first: Int
        var count: Int
        /// Of each but the last, payload and padding.
        let payloadBytes: Int
        /// Of all together.
        var totalBytes: Int
        /// Of them, without padding.
        var mediaBytes: Int
        /// Its last one is shorter: none can follow.
        var isClosed = false
    }

    static let maximumPackets = 256

    private let packets: UnsafeMutablePointer<RingPacket>
    private let groups: UnsafeMutablePointer<Group>
    private(set) var packetCount = 0
    private(set) var groupCount = 0
    /// What of the ring it stands for.
    private(set) var range: Range<UInt64> = 0..<0

    init() {
        packets = .allocate(capacity: Self.maximumPackets)
        groups = .allocate(capacity: Self.maximumPackets)
    }

    deinit {
        packets.deallocate()
        groups.deallocate()
    }

    func packet(_ number: Int) -> RingPacket { packets[number] }
    func group(_ number: Int) -> Group { groups[number] }

    /// Plans what the ring has of `range`, as far as there is room: its own `range` then says how far.
    mutating func fill(from feed: TrackFeed, _ range: Range<UInt64>) {
        packetCount = 0
        groupCount = 0
        var index = range.lowerBound
        while index < range.upperBound, packetCount < Self.maximumPackets {
            if let packet = feed.ring.packet(index) { add(packet) }
            index += 1
        }
        self.range = range.lowerBound..<index
    }

    /// Adds a packet to the last group when it fits, or begins another.
    private mutating func add(_ packet: RingPacket) {
        packets[packetCount] = packet
        defer { packetCount += 1 }
        let bytes = packet.payload.count
        guard groupCount > 0, groups[groupCount - 1].takes(bytes) else {
            groups[groupCount] = Group(
                first: packetCount, count: 1, payloadBytes: bytes, totalBytes: bytes,
                mediaBytes: bytes - Int(packet.paddingBytes))
            groupCount += 1
            return
        }
        let group = groups + (groupCount - 1)
        group.pointee.count += 1
        group.pointee.totalBytes += bytes
        group.pointee.mediaBytes += bytes - Int(packet.paddingBytes)
        group.pointee.isClosed = bytes < group.pointee.payloadBytes
    }
}

extension SendPlan.Group {
    fileprivate func takes(_ bytes: Int) -> Bool {
        !isClosed && bytes <= payloadBytes && count < SegmentShaper.maximumSegments
            && totalBytes + bytes < SegmentShaper.maximumRunBytes
    }
}
