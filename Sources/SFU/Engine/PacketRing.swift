import Wire

/// The last packets of one track, in plain text and in the form that all viewers get: broadcast bus, memory for what
/// must be sent again, and where who joins begins. One writer, and a cost that does not depend on how many watch.
///
/// A packet is named by its index: its sequence number without the wrap. Slots are fixed; an old packet is overwritten
/// by the one that is `capacity` later.
struct PacketRing: ~Copyable {
    /// A payload, room for padding behind it, and room to spare: more than an Ethernet frame can carry.
    static let payloadCapacity = 1_500

    struct Slot {
        /// 0 while nothing was written: indices begin above.
        var index: UInt64 = 0
        var timestamp: UInt32 = 0
        var payloadBytes: UInt16 = 0
        /// Bytes of RTP padding behind the payload (RFC 3550, section 5.1), for equal segments.
        var paddingBytes: UInt8 = 0
        var marker = false
        /// It has been given its final form, and may have been sent: nothing about it changes any more.
        var isSettled = false
    }

    private let mask: UInt64
    private let slots: UnsafeMutablePointer<Slot>
    private let payloads: UnsafeMutableRawPointer
    /// One behind the newest packet; 0 before the first.
    private(set) var end: UInt64 = 0

    /// `capacity` is a power of two.
    init(capacity: Int) {
        precondition(capacity.nonzeroBitCount == 1)
        mask = UInt64(capacity - 1)
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: Slot(), count: capacity)
        payloads = .allocate(byteCount: capacity * Self.payloadCapacity, alignment: 64)
    }

    deinit {
        slots.deallocate()
        payloads.deallocate()
    }

    /// The oldest index that can still be there.
    var start: UInt64 { end > mask + 1 ? end - mask - 1 : 1 }

    /// Keeps a packet. False for one that is too old, too large or already there.
    mutating func write(index: UInt64, timestamp: UInt32, marker: Bool, payload: UnsafeRawBufferPointer) -> Bool {
        guard payload.count <= Self.payloadCapacity, index >= start, index > 0 else { return false }
        let slot = slots + Int(index & mask)
        guard slot.pointee.index != index else { return false }
        slot.pointee = Slot(
            index: index, timestamp: timestamp, payloadBytes: UInt16(payload.count), paddingBytes: 0, marker: marker,
            isSettled: false)
        if let base = payload.baseAddress { payloadPointer(index).copyMemory(from: base, byteCount: payload.count) }
        end = max(end, index + 1)
        return true
    }

    /// The packet of this index; nil when it never came or has been overwritten.
    func slot(_ index: UInt64) -> UnsafeMutablePointer<Slot>? {
        let slot = slots + Int(index & mask)
        return slot.pointee.index == index ? slot : nil
    }

    /// A packet's payload with its padding.
    func payload(_ slot: UnsafePointer<Slot>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: payloadPointer(slot.pointee.index),
            count: Int(slot.pointee.payloadBytes) + Int(slot.pointee.paddingBytes))
    }

    /// Gives a packet its final form, `bytes` long (payload and padding), if padding can make it so.
    func settle(_ slot: UnsafeMutablePointer<Slot>, toBytes bytes: Int) {
        guard !slot.pointee.isSettled else { return }
        slot.pointee.isSettled = true
        let padding = bytes - Int(slot.pointee.payloadBytes)
        guard padding > 0, padding < 256, bytes <= Self.payloadCapacity else { return }
        let tail = payloadPointer(slot.pointee.index) + Int(slot.pointee.payloadBytes)
        tail.initializeMemory(as: UInt8.self, repeating: 0, count: padding)
        tail.storeBytes(of: UInt8(padding), toByteOffset: padding - 1, as: UInt8.self)
        slot.pointee.paddingBytes = UInt8(padding)
    }

    private func payloadPointer(_ index: UInt64) -> UnsafeMutableRawPointer {
        payloads + Int(index & mask) * Self.payloadCapacity
    }
}
