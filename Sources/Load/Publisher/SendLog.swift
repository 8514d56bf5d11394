import Synchronization
import Wire

// Unchecked: its slots are atomic.
/// When each payload of a file's video was sent, by a sum over its bytes: its packets have no room for a stamp. One
/// thread writes, others read; a slot that is written meanwhile is not found.
final class SendLog: @unchecked Sendable {
    private struct Slot: ~Copyable {
        let sum = Atomic<UInt64>(0)
        let time = Atomic<Int64>(0)
    }

    /// Seconds of video.
    private static let capacity = 8_192
    private let slots = UnsafeMutablePointer<Slot>.allocate(capacity: capacity)

    init() {
        for number in 0..<Self.capacity { slots.advanced(by: number).initialize(to: Slot()) }
    }

    deinit {
        slots.deinitialize(count: Self.capacity)
        slots.deallocate()
    }

    func note(_ payload: UnsafeRawBufferPointer, isVP8: Bool, at now: MonotonicTime) {
        let sum = Self.sum(payload, isVP8: isVP8)
        let slot = slots + Int(sum % UInt64(Self.capacity))
        slot.pointee.sum.store(0, ordering: .releasing)
        slot.pointee.time.store(now.nanoseconds, ordering: .releasing)
        slot.pointee.sum.store(sum, ordering: .releasing)
    }

    /// When this payload was sent last; nil when it was not, or is too old.
    func sentAt(_ payload: UnsafeRawBufferPointer, isVP8: Bool) -> Int64? {
        let sum = Self.sum(payload, isVP8: isVP8)
        let slot = slots + Int(sum % UInt64(Self.capacity))
        guard slot.pointee.sum.load(ordering: .acquiring) == sum else { return nil }
        let time = slot.pointee.time.load(ordering: .acquiring)
        return slot.pointee.sum.load(ordering: .acquiring) == sum ? time : nil
    }

    /// Without the VP8 descriptor, in which a relay may number pictures anew.
    private static func sum(_ payload: UnsafeRawBufferPointer, isVP8: Bool) -> UInt64 {
        let start = isVP8 ? min(payload.count, 4) : 0
        return max(1, Stamp.sum(UnsafeRawBufferPointer(rebasing: payload[start...])))
    }
}
