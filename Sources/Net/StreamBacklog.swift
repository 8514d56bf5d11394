import Wire

/// Frames that a connection has no room for yet: whole ones, and the rest of one that has begun to go out. It knows how
/// late its end will be.
struct StreamBacklog {
    /// One key frame of a rich picture, which comes at once; more than that is never late only.
    static let capacity = 256 << 10
    /// The last frame will be so late: time to send less.
    static let slowMS: Int64 = 250
    /// The last frame will be so late, and the kernel's own buffer is behind it: it is out of date when it comes.
    static let lateMS: Int64 = 500
    /// Before that nobody knows how fast it goes.
    private static let measuringMS: Int64 = 100
    private static let windowMS: Int64 = 1_000

    private var bytes: [UInt8] = []
    private var start = 0
    private var since = MonotonicTime(nanoseconds: 0)
    private var takenSince = 0

    var count: Int { bytes.count - start }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ more: ArraySlice<UInt8>, at now: MonotonicTime) {
        if isEmpty {
            since = now
            takenSince = 0
        }
        bytes += more
    }

    /// The kernel's turn: `body` says how many of the bytes it has taken.
    mutating func drain(at now: MonotonicTime, _ body: (UnsafeRawBufferPointer) -> Int) {
        let taken = bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start...])) }
        start += taken
        takenSince += taken
        if isEmpty {
            bytes = []
            start = 0
        } else if start > Self.capacity / 4 {
            bytes.removeFirst(start)
            start = 0
        }
        let elapsed = now.milliseconds(since: since)
        if elapsed > Self.windowMS {  // what has just been counts more
            since = since.advanced(byMilliseconds: elapsed / 2)
            takenSince /= 2
        }
    }

    /// How long its last byte will have to wait, as it went so far.
    func delayMS(at now: MonotonicTime) -> Int64 {
        let elapsed = now.milliseconds(since: since)
        guard !isEmpty, elapsed >= Self.measuringMS else { return 0 }
        return Int64(count) * elapsed / Int64(max(1, takenSince))
    }
}
