import Wire

/// What one thread's viewers have got by some moment.
struct WorkerSnapshot: Sendable {
    /// How far the sequences of one viewer's tracks have come.
    struct Mark: Sendable {
        let viewer: Int
        let isWeak: Bool
        let video: Int64?
        let audio: Int64?

        /// How many packets lie between an earlier mark and this one.
        func expected(since earlier: Mark) -> UInt64 {
            func between(_ old: Int64?, _ new: Int64?) -> UInt64 {
                guard let old, let new else { return 0 }
                return UInt64(max(0, new - old))
            }
            return between(earlier.video, video) + between(earlier.audio, audio)
        }
    }

    /// Of those without links of their own.
    var count = ViewerCount()
    var weak = ViewerCount()
    /// In the order of the viewers; later snapshots may have more.
    var marks: [Mark] = []
    /// How long the thread has had a processor, in nanoseconds.
    var busy: Int64 = 0
    var dropped: UInt64 = 0
}
