import Wire

/// What is to go to every viewer that keeps up: worked out once, carried out for each.
///
/// A group is one message of the kernel's segmentation (UDP_SEGMENT): packets of equal length, of which the last may be
/// shorter.
struct SendPlan: ~Copyable {
    struct Packet {
        let slot: UnsafePointer<PacketRing.Slot>
        let payload: UnsafeRawBufferPointer
    }

    struct Group {
        let first: Int
        var count: Int
        /// Of the longest, payload and padding.
        var payloadBytes: Int
        /// Of all together.
        var totalBytes: Int
    }

    /// Differences up to this are evened out by padding; what differs more goes into a message of its own.
    static let paddingLimit = 48
    static let maximumPackets = 256
    /// The kernel takes 64 segments, and 64 KiB a message with headers and tags.
    private static let maximumSegments = 40
    private static let maximumGroupBytes = 48_000

    private let packetStorage: UnsafeMutablePointer<Packet>
    private let groupStorage: UnsafeMutablePointer<Group>
    private(set) var packetCount = 0
    private(set) var groupCount = 0
    /// What of the ring it stands for.
    private(set) var range: Range<UInt64> = 0..<0

    init() {
        packetStorage = .allocate(capacity: Self.maximumPackets)
        groupStorage = .allocate(capacity: Self.maximumPackets)
    }

    deinit {
        packetStorage.deallocate()
        groupStorage.deallocate()
    }

    func packet(_ number: Int) -> Packet { packetStorage[number] }
    func group(_ number: Int) -> Group { groupStorage[number] }

    /// Plans what the ring has of `range`, as far as there is room: `range` then says how far.
    mutating func fill(from track: MediaTrack, _ range: Range<UInt64>) {
        packetCount = 0
        groupCount = 0
        var index = range.lowerBound
        while index < range.upperBound, packetCount < Self.maximumPackets {
            defer { index += 1 }
            guard let slot = track.slot(index) else { continue }
            add(slot, bytes: Int(slot.pointee.payloadBytes) + Int(slot.pointee.paddingBytes))
        }
        self.range = range.lowerBound..<index
        settle(track)
    }

    /// Adds a packet to the last group when they can be made equal, or begins another.
    private mutating func add(_ slot: UnsafeMutablePointer<PacketRing.Slot>, bytes: Int) {
        packetStorage[packetCount] = Packet(slot: slot, payload: UnsafeRawBufferPointer(start: nil, count: 0))
        defer { packetCount += 1 }
        guard groupCount > 0, canJoin(groupStorage[groupCount - 1], bytes: bytes) else {
            groupStorage[groupCount] = Group(first: packetCount, count: 1, payloadBytes: bytes, totalBytes: bytes)
            groupCount += 1
            return
        }
        let group = groupStorage + (groupCount - 1)
        group.pointee.count += 1
        group.pointee.totalBytes += bytes
        group.pointee.payloadBytes = max(group.pointee.payloadBytes, bytes)
    }

    /// Whether every packet that is not to be the last can be made as long as the longest.
    private func canJoin(_ group: Group, bytes: Int) -> Bool {
        guard group.count < Self.maximumSegments, group.totalBytes + bytes < Self.maximumGroupBytes else {
            return false
        }
        let longest = max(group.payloadBytes, bytes)
        for number in group.first..<group.first + group.count {
            let slot = packetStorage[number].slot.pointee
            let missing = longest - Int(slot.payloadBytes) - Int(slot.paddingBytes)
            guard missing == 0 || (!slot.isSettled && missing <= Self.paddingLimit) else { return false }
        }
        return true
    }

    /// Pads each group's packets to one length, but for its last, and notes where their payloads are.
    private mutating func settle(_ track: MediaTrack) {
        for number in 0..<groupCount {
            let group = groupStorage[number]
            groupStorage[number].totalBytes = 0
            for position in group.first..<group.first + group.count {
                let slot = UnsafeMutablePointer(mutating: packetStorage[position].slot)
                let isLast = position == group.first + group.count - 1
                track.settle(slot, toBytes: isLast ? Int(slot.pointee.payloadBytes) : group.payloadBytes)
                packetStorage[position] = Packet(slot: slot, payload: track.payload(slot))
                groupStorage[number].totalBytes += packetStorage[position].payload.count
            }
        }
    }
}
