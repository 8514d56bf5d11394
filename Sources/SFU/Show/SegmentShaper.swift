/// Evens packets out by RTP padding (RFC 3550, section 5.1), so that the kernel can cut one message into them
/// (UDP_SEGMENT): all but a run's last are to be of one length. Done once, for all viewers.
enum SegmentShaper {
    /// Differences up to this are evened out; what differs more begins a run of its own.
    static let paddingLimit = 48
    /// The kernel takes 64 segments, and 64 KiB a message with headers and tags.
    static let maximumSegments = 40
    static let maximumRunBytes = 48_000

    private struct Run {
        let first: UInt64
        var last: UInt64
        var count = 1
        var shortest: Int
        var longest: Int

        func takes(_ bytes: Int) -> Bool {
            let longest = max(longest, bytes)
            return count < maximumSegments && longest * (count + 1) < maximumRunBytes
                && longest - shortest <= paddingLimit
        }
    }

    /// `range`: packets that no reader knows of yet.
    static func even(_ ring: borrowing PacketRing, _ range: Range<UInt64>) {
        var run: Run?
        for index in range {
            guard let bytes = ring.packet(index)?.payload.count else { continue }
            guard var grown = run, grown.takes(bytes) else {
                if let run { pad(ring, run) }
                run = Run(first: index, last: index, shortest: bytes, longest: bytes)
                continue
            }
            grown.last = index
            grown.count += 1
            grown.shortest = min(grown.shortest, bytes)
            grown.longest = max(grown.longest, bytes)
            run = grown
        }
        if let run { pad(ring, run) }
    }

    /// The last one may be shorter. When it is the longest, all others are brought to its length.
    private static func pad(_ ring: borrowing PacketRing, _ run: Run) {
        for index in run.first..<run.last { ring.pad(index, toBytes: run.longest) }
    }
}
