/// What a running show has the store keep. A write may be tried again: each carries what makes it count once.
package enum ShowWrite: Equatable, Sendable {
    case started(at: Timestamp)
    case ended(at: Timestamp)
    case chat(ChatMessage)
    case likes(LikeBatch)
    /// The most viewers at once so far; the store keeps the larger.
    case peakViewerCount(Int)
}

/// Likes that came within one short span, kept as one row: the replay counts them up at their time.
package struct LikeBatch: Equatable, Sendable {
    package var id: Identifier<LikeBatch>
    package var count: Int
    /// On the stream's clock, in milliseconds.
    package var atMS: Int64

    package init(id: Identifier<LikeBatch>, count: Int, atMS: Int64) {
        self.id = id
        self.count = count
        self.atMS = atMS
    }
}
