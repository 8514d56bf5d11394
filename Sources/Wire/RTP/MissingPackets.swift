/// What of one source has not come yet, and when to ask for it (RFC 4585, section 6.2.1).
package struct MissingPackets: Sendable {
    private struct Entry {
        let sequence: UInt16
        let since: MonotonicTime
        var nextRequest: MonotonicTime
        var requests: UInt8
    }

    /// Small reordering mends itself: a packet that is this late is asked for.
    private static let patienceMilliseconds: Int64 = 5
    /// Asked for again when an answer could have come, but not faster than this.
    private static let retryMilliseconds: Int64 = 40
    private static let deadlineMilliseconds: Int64 = 1_000
    private static let maximumRequests: UInt8 = 10
    /// What is missing beyond this is not worth asking for: a key frame mends more.
    private static let capacity = 256

    private var entries: [Entry] = []
    private var newest: UInt16?
    /// So much was lost that only a key frame helps.
    package private(set) var needsKeyFrame = false

    package init() { entries.reserveCapacity(Self.capacity) }

    package var isEmpty: Bool { entries.isEmpty }

    package mutating func receive(_ sequence: UInt16, at now: MonotonicTime) {
        guard let newest else {
            newest = sequence
            return
        }
        let ahead = Int(Int16(bitPattern: sequence &- newest))
        if ahead == 1 {
            self.newest = sequence
        } else if ahead > 1 {
            self.newest = sequence
            guard ahead - 1 + entries.count <= Self.capacity else { return giveUp() }
            for step in 1..<UInt16(ahead) {
                entries.append(
                    Entry(
                        sequence: newest &+ step, since: now,
                        nextRequest: now.advanced(byMilliseconds: Self.patienceMilliseconds), requests: 0))
            }
        } else if !entries.isEmpty {
            entries.removeAll { $0.sequence == sequence }
        }
    }

    private mutating func giveUp() {
        entries.removeAll(keepingCapacity: true)
        needsKeyFrame = true
    }

    package mutating func didRequestKeyFrame() { needsKeyFrame = false }

    /// What to ask for now. `roundTripMS`: so long an answer takes; who asks again before only makes congestion worse.
    package mutating func due(at now: MonotonicTime, roundTripMS: Int64 = 0) -> [UInt16] {
        let retry = max(Self.retryMilliseconds, roundTripMS + roundTripMS / 4)
        guard !entries.isEmpty else { return [] }
        let before = entries.count
        entries.removeAll {
            $0.requests >= Self.maximumRequests || now.milliseconds(since: $0.since) > Self.deadlineMilliseconds
        }
        if entries.count < before { needsKeyFrame = true }
        var due: [UInt16] = []
        for number in entries.indices where entries[number].nextRequest <= now {
            due.append(entries[number].sequence)
            entries[number].requests += 1
            entries[number].nextRequest = now.advanced(byMilliseconds: retry)
        }
        return due
    }
}
