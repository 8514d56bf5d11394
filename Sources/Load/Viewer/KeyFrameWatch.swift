/// Sees when the first key frame is whole: from there on a decoder has a picture.
struct KeyFrameWatch {
    private var start: UInt16 = 0
    private var end: UInt16?
    private var timestamp: UInt32?
    private var came: UInt16 = 0
    private(set) var isWhole = false

    init() {}

    /// Takes a packet that has not come before.
    mutating func receive(sequence: UInt16, timestamp: UInt32, isLast: Bool, beginsKeyFrame: Bool) {
        guard !isWhole else { return }
        if beginsKeyFrame, timestamp != self.timestamp {
            self.timestamp = timestamp
            start = sequence
            end = nil
            came = 0
        }
        guard timestamp == self.timestamp else { return }
        came += 1
        if isLast { end = sequence }
        if let end, end &- start &+ 1 == came { isWhole = true }
    }
}
