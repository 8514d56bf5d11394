import Wire

/// A show's writes on their way into the store: in order, and each counted once however often it is tried.
///
/// While the store answers, nothing is told as done that isn't stored. While it is away, a show goes on among those who
/// are there: chat and likes are told as done once they are in here, as far as there is room.
struct WriteBacklog: Sendable {
    /// What became of writes, for the room.
    struct Answers: Equatable, Sendable {
        var done: [ShowWrite] = []
        /// In the store, whether they were told as done before or are now.
        var kept: [ShowWrite] = []
        var refused: [ShowWrite] = []
    }

    private struct Entry {
        let write: ShowWrite
        /// The room knows already.
        var isAnswered = false
    }

    /// More at once would hold a store up for long.
    private static let maximumBatch = 500

    /// How many writes may wait while the store is away.
    let limit: Int
    private var entries: [Entry] = []
    /// How many of the first are being written.
    private var inFlight = 0
    /// The store does not answer, or says that it can't now.
    private(set) var isAway = false
    /// Writes that were refused for lack of room.
    private(set) var overflow: UInt64 = 0

    init(limit: Int) { self.limit = limit }

    var count: Int { entries.count }

    mutating func add(_ write: ShowWrite) -> Answers {
        guard isAway else {
            entries.append(Entry(write: write))
            return Answers()
        }
        guard write.canWait else { return Answers(refused: [write]) }
        guard entries.count < limit else {
            overflow += 1
            return Answers(refused: [write])
        }
        entries.append(Entry(write: write, isAnswered: true))
        return Answers(done: [write])
    }

    /// What to write next; nil when there is nothing, or something is being written.
    mutating func nextBatch() -> [ShowWrite]? {
        guard inFlight == 0, !entries.isEmpty else { return nil }
        inFlight = min(entries.count, Self.maximumBatch)
        return entries.prefix(inFlight).map(\.write)
    }

    /// The store has the batch.
    mutating func didWrite() -> Answers {
        isAway = false
        let written = take(inFlight)
        return Answers(done: written.filter { !$0.isAnswered }.map(\.write), kept: written.map(\.write))
    }

    /// The store won't take the batch, now or ever.
    mutating func didRefuse() -> Answers { Answers(refused: take(inFlight).map(\.write)) }

    /// The store can't be reached: the batch stays the next.
    mutating func didFail() -> Answers {
        inFlight = 0
        return goAway(from: 0)
    }

    /// The store has not answered for a while. What is being written may still be, so it is told of only if it would
    /// be kept in any case.
    mutating func didStall() -> Answers { inFlight > 0 ? goAway(from: inFlight) : Answers() }

    /// `certain`: from here on nothing has been tried.
    private mutating func goAway(from certain: Int) -> Answers {
        isAway = true
        var answers = Answers()
        var kept: [Entry] = []
        for (position, entry) in entries.enumerated() {
            var entry = entry
            if entry.isAnswered || (position < certain && !entry.write.canWait) {
                kept.append(entry)
            } else if entry.write.canWait, kept.count < max(limit, certain) {
                entry.isAnswered = true
                kept.append(entry)
                answers.done.append(entry.write)
            } else {
                if entry.write.canWait { overflow += 1 }
                answers.refused.append(entry.write)
            }
        }
        entries = kept
        return answers
    }

    private mutating func take(_ count: Int) -> ArraySlice<Entry> {
        defer {
            entries.removeFirst(count)
            inFlight = 0
        }
        return entries.prefix(count)
    }
}

extension ShowWrite {
    /// Nobody needs to know at once whether it is stored. A start and an end change what a show is to everybody else.
    fileprivate var canWait: Bool {
        switch self {
        case .chat, .likes, .peakViewerCount: true
        case .started, .ended: false
        }
    }
}
