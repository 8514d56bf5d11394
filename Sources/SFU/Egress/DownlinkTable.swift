/// A show's viewers, side by side in memory.
struct DownlinkTable: ~Copyable {
    private var storage: UnsafeMutablePointer<Downlink>
    private var capacity: Int
    private(set) var count = 0

    init() {
        capacity = 8
        storage = .allocate(capacity: capacity)
    }

    deinit {
        storage.deinitialize(count: count)
        storage.deallocate()
    }

    /// A viewer's memory, until the next `append` or `remove`.
    func pointer(_ position: Int) -> UnsafeMutablePointer<Downlink> {
        precondition(position >= 0 && position < count)
        return storage + position
    }

    /// The position of the new one.
    mutating func append(_ downlink: consuming Downlink) -> Int {
        if count == capacity { grow() }
        (storage + count).initialize(to: downlink)
        count += 1
        return count - 1
    }

    /// Fills the gap with the last one, whose session is given back: it has this position now.
    mutating func remove(_ position: Int) -> RelaySessionID? {
        precondition(position >= 0 && position < count)
        (storage + position).deinitialize(count: 1)
        count -= 1
        guard position < count else { return nil }
        (storage + position).moveInitialize(from: storage + count, count: 1)
        return storage[position].session
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<Downlink>.allocate(capacity: 2 * capacity)
        larger.moveInitialize(from: storage, count: count)
        storage.deallocate()
        storage = larger
        capacity *= 2
    }
}
