package import Wire

/// Where livestreams, their chat and their products are kept. Each home keeps one contract and passes one test suite.
///
/// **What is promised**: when a call returns, what it wrote survives the death of this process; a write that throws
/// was not done, or may be tried again without counting twice. Calls may come from any task at once.
package protocol LivestreamStore: Sendable {
    // Livestreams
    /// `.conflict` when the id is taken.
    func create(_ stream: Livestream) async throws(StoreError)
    /// The record with its pinned products and recording; `viewerCount` is 0, for only the room knows it.
    func livestream(_ id: StreamID) async throws(StoreError) -> Livestream
    /// Newest first.
    func livestreams(status: Livestream.Status?, page: PageRequest) async throws(StoreError) -> Page<Livestream>
    func update(_ id: StreamID, with changes: LivestreamChanges) async throws(StoreError) -> Livestream
    /// Takes the record with its chat, products, likes and recording's entry. `.conflict` while it is live.
    func delete(_ id: StreamID) async throws(StoreError)
    func setRecording(_ recording: Recording?, of id: StreamID) async throws(StoreError)

    // What a running show writes
    /// All of `writes`, in order. A write that is already there counts as done, so when this throws, the same writes
    /// may be tried again: until they are, the first of them may be there and the rest not (SQLite: none).
    func append(_ writes: [ShowWrite], to id: StreamID) async throws(StoreError)

    // Chat
    /// The newest `limit` messages, oldest first.
    func latestChat(of id: StreamID, limit: Int) async throws(StoreError) -> [ChatMessage]
    /// Oldest first. `nextCursor` goes on in the direction of the query: older for `.before`, newer otherwise.
    func chat(of id: StreamID, _ query: ChatQuery, page: PageRequest) async throws(StoreError) -> Page<ChatMessage>
    func deleteChat(_ message: MessageID, of id: StreamID) async throws(StoreError)
    /// The likes of a span of the stream's clock, oldest first.
    func likes(of id: StreamID, milliseconds: ClosedRange<Int64>, page: PageRequest) async throws(StoreError) -> Page<
        LikeBatch
    >

    // Products
    /// `.conflict` when the id is taken.
    func create(_ product: Product, of id: StreamID) async throws(StoreError)
    func product(_ product: ProductID, of id: StreamID) async throws(StoreError) -> Product
    /// In the order in which they were added.
    func products(of id: StreamID, page: PageRequest) async throws(StoreError) -> Page<Product>
    func update(_ product: ProductID, of id: StreamID, with changes: ProductChanges) async throws(StoreError) -> Product
    func delete(_ product: ProductID, of id: StreamID) async throws(StoreError)
    /// Pinned from `atMS` on. One that is pinned already stays as it is. `.conflict` when `limit` others are.
    func pin(_ product: ProductID, of id: StreamID, atMS: Int64, limit: Int) async throws(StoreError) -> Product
    /// No longer pinned from `atMS` on. One that isn't pinned stays as it is.
    func unpin(_ product: ProductID, of id: StreamID, atMS: Int64) async throws(StoreError) -> Product

    // Keeping no longer than asked
    /// Puts `ChatMessage.anonymousName` in the place of a name, in whatever spelling that looks the same
    /// (`VisibleText.key`); in how many messages.
    func eraseName(_ name: String, of id: StreamID) async throws(StoreError) -> Int
    /// Deletes messages that were said before `time`, `limit` at most; how many they were.
    func deleteChat(before time: Timestamp, limit: Int) async throws(StoreError) -> Int
    /// Shows that ended before `time` and have a recording's entry, whatever its state; `limit` at most.
    func recordedLivestreams(endedBefore time: Timestamp, limit: Int) async throws(StoreError) -> [StreamID]

    // Moving from one store to another; the rest of it goes by `append` and `pin`
    /// Puts a record in as it is, or over the one of its id; but its likes, which are counted as they are appended,
    /// and what is pinned.
    func restore(_ stream: Livestream) async throws(StoreError)
    /// Puts a product in with all its pins, or over the one of its id. `.conflict` when that is another livestream's.
    func restore(_ product: Product, of id: StreamID) async throws(StoreError)

    // Which store it is
    /// The store's own name, made when it had none: by it a data folder knows the store that it belongs to.
    func identity() async throws(StoreError) -> StoreID
    /// Takes another store's name: what is copied from that one is that one.
    func takeIdentity(_ id: StoreID) async throws(StoreError)

    /// Throws `.unavailable` when the store can't be reached now.
    func checkHealth() async throws(StoreError)
    /// After what is under way; later calls throw `.unavailable`.
    func close() async
}

/// Names a store.
package typealias StoreID = Identifier<StoreError>

extension LivestreamStore {
    /// However many others are pinned.
    package func pin(_ product: ProductID, of id: StreamID, atMS: Int64) async throws(StoreError) -> Product {
        try await pin(product, of: id, atMS: atMS, limit: .max)
    }
}

extension StoreError {
    /// More products are pinned than may be.
    static func tooManyPins(_ limit: Int) -> StoreError {
        .conflict(reason: "\(limit) products are pinned, and no more may be: unpin one first.")
    }
}

/// What went wrong in a store, as far as its callers act on it.
package enum StoreError: Error, Equatable {
    /// There is no such thing; `what` names its kind, as in "livestream".
    case notFound(what: String)
    /// What is there stands against it; `reason` is a sentence for the client.
    case conflict(reason: String)
    /// The cursor isn't one that this store gave.
    case badCursor
    /// A newer release of Vitrine has written it: this one must leave it as it is.
    case newerRelease
    /// Out of reach, full or broken: may work later. `reason` is for the log, not for clients.
    case unavailable(reason: String)
}

/// Which part of a list is asked for.
package struct PageRequest: Equatable, Sendable {
    package static let allowedLimit = 1...100

    package var limit: Int
    /// What the part before gave as `nextCursor`.
    package var cursor: String?

    package init(limit: Int = 20, cursor: String? = nil) {
        self.limit = limit
        self.cursor = cursor
    }
}

/// One part of a list.
package struct Page<Item> {
    package var items: [Item]
    /// Nil at the end of the list.
    package var nextCursor: String?

    package init(items: [Item], nextCursor: String?) {
        self.items = items
        self.nextCursor = nextCursor
    }
}

extension Page: Sendable where Item: Sendable {}
extension Page: Equatable where Item: Equatable {}

/// Which messages of a chat are asked for.
package enum ChatQuery: Equatable, Sendable {
    case all
    /// Older than this message: the newest of them, oldest first.
    case before(MessageID)
    /// Newer than this message: the oldest of them.
    case after(MessageID)
    /// A span of the stream's clock, for the replay.
    case milliseconds(ClosedRange<Int64>)
}

/// What a PATCH of a livestream sets; nil leaves as it is, and `.some(nil)` clears.
package struct LivestreamChanges: Equatable, Sendable {
    package var title: String?
    package var description: String?
    package var scheduledAt: Timestamp??
    package var deliveryMode: Delivery.Mode?
    package var maxDirectViewers: Int?

    package init(
        title: String? = nil, description: String? = nil, scheduledAt: Timestamp?? = nil,
        deliveryMode: Delivery.Mode? = nil, maxDirectViewers: Int? = nil
    ) {
        self.title = title
        self.description = description
        self.scheduledAt = scheduledAt
        self.deliveryMode = deliveryMode
        self.maxDirectViewers = maxDirectViewers
    }
}

/// What a PATCH of a product sets; nil leaves as it is, and `.some(nil)` clears.
package struct ProductChanges: Equatable, Sendable {
    package var title: String?
    package var price: Price?
    package var imageURL: String??
    package var url: String??

    package init(title: String? = nil, price: Price? = nil, imageURL: String?? = nil, url: String?? = nil) {
        self.title = title
        self.price = price
        self.imageURL = imageURL
        self.url = url
    }
}
