/// Whether packets keep their places: a relay may move sequence numbers and timestamps by an amount of its own, but by
/// the same one for all packets of a source.
struct PlacementCheck {
    private var offset: (sequence: UInt16, timestamp: UInt32)?

    init() {}

    /// False when this packet's numbers don't fit those before. `sequence` and `timestamp` are what came, the others
    /// what the publisher's own stamp leads to.
    mutating func fits(sequence: UInt16, timestamp: UInt32, sentSequence: UInt16, sentTimestamp: UInt32) -> Bool {
        let now = (sequence: sequence &- sentSequence, timestamp: timestamp &- sentTimestamp)
        guard let offset else {
            self.offset = now
            return true
        }
        guard offset != now else { return true }
        self.offset = now
        return false
    }
}
