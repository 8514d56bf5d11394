import Synchronization
import Wire

/// The last packets of one track, in plain text and in the form that all viewers get: broadcast bus, memory for what
/// must be sent again, and where who joins begins. One writer, any number of readers on any thread, no lock, and a cost
/// that does not depend on how many watch.
///
/// A packet is named by its index: its sequence number without the wrap. Slots are fixed; an old packet is overwritten
/// by the one that is `capacity` later. A reader that was that slow finds out (`isIntact`) and drops what it has read.
struct PacketRing: ~Copyable {
    /// A payload, room for padding behind it, and room to spare: more than an Ethernet frame can carry.
    static let payloadCapacity = 1_500
    /// RFC 3550, section 5.1: the padding's last byte counts it.
    static let maximumPadding = 255

    struct Slot: ~Copyable {
        /// 0 while nothing is there or something is being written: indices begin above.
        let index = Atomic<UInt64>(0)
        var timestamp: UInt32 = 0
        var payloadBytes: UInt16 = 0
        /// Bytes of RTP padding behind the payload, for equal segments.
        var paddingBytes: UInt8 = 0
        var marker = false
    }

    private let mask: UInt64
    private let slots: UnsafeMutablePointer<Slot>
    private let payloads: UnsafeMutableRawPointer
    private let newest = Atomic<UInt64>(0)

    /// `capacity` is a power of two.
    init(capacity: Int) {
        precondition(capacity.nonzeroBitCount == 1)
        mask = UInt64(capacity - 1)
        slots = .allocate(capacity: capacity)
        for number in 0..<capacity { (slots + number).initialize(to: Slot()) }
        payloads = .allocate(byteCount: capacity * Self.payloadCapacity, alignment: 64)
    }

    deinit {
        slots.deinitialize(count: Int(mask) + 1)
        slots.deallocate()
        payloads.deallocate()
    }

    /// One behind the newest packet; 0 before the first.
    var end: UInt64 { newest.load(ordering: .acquiring) }

    /// The oldest index that can still be there.
    var start: UInt64 {
        let end = end
        return end > mask + 1 ? end - mask - 1 : 1
    }

    /// Keeps a packet; for the writer. False for one that is too old, too large or already there.
    func write(index: UInt64, timestamp: UInt32, marker: Bool, payload: UnsafeRawBufferPointer) -> Bool {
        guard payload.count <= Self.payloadCapacity, index >= start, index > 0 else { return false }
        let slot = slots + Int(index & mask)
        guard slot.pointee.index.load(ordering: .relaxed) != index else { return false }
        slot.pointee.index.store(0, ordering: .relaxed)
        atomicMemoryFence(ordering: .acquiringAndReleasing)  // whoever reads what follows sees that the slot is empty
        slot.pointee.timestamp = timestamp
        slot.pointee.payloadBytes = UInt16(payload.count)
        slot.pointee.paddingBytes = 0
        slot.pointee.marker = marker
        if let base = payload.baseAddress { payloadPointer(index).copyMemory(from: base, byteCount: payload.count) }
        slot.pointee.index.store(index, ordering: .releasing)
        newest.store(max(end, index + 1), ordering: .releasing)
        return true
    }

    /// Makes a packet `bytes` long by padding, if that can be; for the writer, before any reader knows of it.
    func pad(_ index: UInt64, toBytes bytes: Int) {
        let slot = slots + Int(index & mask)
        guard slot.pointee.index.load(ordering: .relaxed) == index else { return }
        let padding = bytes - Int(slot.pointee.payloadBytes)
        guard padding > 0, padding <= Self.maximumPadding, bytes <= Self.payloadCapacity else { return }
        let tail = payloadPointer(index) + Int(slot.pointee.payloadBytes)
        tail.initializeMemory(as: UInt8.self, repeating: 0, count: padding)
        tail.storeBytes(of: UInt8(padding), toByteOffset: padding - 1, as: UInt8.self)
        slot.pointee.paddingBytes = UInt8(padding)
    }

    /// The packet of this index; nil when it never came or has been overwritten.
    func packet(_ index: UInt64) -> RingPacket? {
        let slot = slots + Int(index & mask)
        guard slot.pointee.index.load(ordering: .acquiring) == index else { return nil }
        let bytes = Int(slot.pointee.payloadBytes) + Int(slot.pointee.paddingBytes)
        // A slot that is being overwritten may say anything, but no more than it holds is read of it.
        let payload = UnsafeRawBufferPointer(start: payloadPointer(index), count: min(bytes, Self.payloadCapacity))
        return RingPacket(
            index: index, timestamp: slot.pointee.timestamp, marker: slot.pointee.marker,
            paddingBytes: slot.pointee.paddingBytes, payload: payload, slot: slot)
    }

    private func payloadPointer(_ index: UInt64) -> UnsafeMutableRawPointer {
        payloads + Int(index & mask) * Self.payloadCapacity
    }
}

/// A packet in a ring, as a reader has found it.
struct RingPacket {
    let index: UInt64
    let timestamp: UInt32
    let marker: Bool
    let paddingBytes: UInt8
    /// With its padding. Memory of the ring.
    let payload: UnsafeRawBufferPointer
    fileprivate let slot: UnsafePointer<PacketRing.Slot>

    /// Whether it was still there when all that was read of it until now was read.
    var isIntact: Bool {
        atomicMemoryFence(ordering: .acquiring)
        return slot.pointee.index.load(ordering: .relaxed) == index
    }
}
