package import Wire

/// Moves everything from one store to another: records, products with their pins, chat, likes, recordings' entries.
///
/// It may be interrupted and started again: what is there already counts as done. At the end the other store is read
/// back and held against what was copied.
package struct StoreCopy: Sendable {
    package struct Progress: Equatable, Sendable {
        package enum Stage: Sendable { case copying, checking }

        package var stage = Stage.copying
        package var livestreams = 0
        package var totalLivestreams = 0
        /// Chat messages and batches of likes.
        package var records = 0
    }

    package enum Failure: Error, Equatable {
        case source(StoreError)
        case target(StoreError)
        /// The target isn't empty: it holds what the source doesn't.
        case foreign(StreamID)
        /// What was read back isn't what was copied.
        case differs(StreamID)
    }

    private static let pageLimit = 250
    private let source: any LivestreamStore
    private let target: any LivestreamStore

    package init(from source: any LivestreamStore, to target: any LivestreamStore) {
        self.source = source
        self.target = target
    }

    /// Returns what there is now. `report` is called after each part. Throws `Failure`.
    package func run(_ report: (Progress) -> Void) async throws -> Progress {
        // Oldest first: a store orders those of one millisecond as they came.
        let ids = Array(try await ids(in: source, Failure.source).reversed())
        let present = Set(try await self.ids(in: target, Failure.target))
        if let foreign = present.subtracting(ids).first { throw Failure.foreign(foreign) }

        var progress = Progress(totalLivestreams: ids.count)
        var copied: [StreamID: RecordDigest] = [:]
        for id in ids {
            copied[id] = try await copy(id) { count in
                progress.records += count
                report(progress)
            }
            progress.livestreams += 1
            report(progress)
        }
        progress.stage = .checking
        progress.livestreams = 0
        for id in try await self.ids(in: target, Failure.target) {
            let digest = try await digest(of: id, in: target, Failure.target) { _ in }
            guard digest == copied[id] else { throw Failure.differs(id) }
            copied[id] = nil
            progress.livestreams += 1
            report(progress)
        }
        if let missing = copied.keys.first { throw Failure.differs(missing) }
        do { try await target.takeIdentity(await source.identity()) } catch { throw Failure.target(error) }
        return progress
    }

    private func copy(_ id: StreamID, _ report: (Int) -> Void) async throws -> RecordDigest {
        var pinned: [Product] = []
        return try await digest(of: id, in: source, Failure.source) { part in
            do {
                switch part {
                case .record(let stream):
                    pinned = stream.pinnedProducts
                    try await target.restore(stream)
                case .products(let products):
                    for product in products { try await target.restore(product.withoutOpenPin, of: id) }
                case .productsEnd:
                    for product in pinned {
                        _ = try await target.pin(product.id, of: id, atMS: product.pinnedAtMS ?? 0)
                    }
                case .writes(let writes):
                    try await target.append(writes, to: id)
                    report(writes.count)
                }
            } catch let error as StoreError {
                throw Failure.target(error)
            }
        }
    }

    private enum Part {
        case record(Livestream)
        case products([Product])
        case productsEnd
        case writes([ShowWrite])
    }

    /// Reads all of a livestream, part by part, and gives each part to `use`.
    private func digest(
        of id: StreamID, in store: any LivestreamStore, _ failure: (StoreError) -> Failure,
        _ use: (Part) async throws -> Void
    ) async throws -> RecordDigest {
        var digest = RecordDigest()
        let stream: Livestream
        do { stream = try await store.livestream(id) } catch { throw failure(error) }
        digest.add(stream)
        try await use(.record(stream))
        try await pages(failure, { try await store.products(of: id, page: $0) }) { products in
            for product in products { digest.add(product) }
            try await use(.products(products))
        }
        try await use(.productsEnd)
        try await pages(failure, { try await store.chat(of: id, .all, page: $0) }) { messages in
            for message in messages { digest.add(message) }
            try await use(.writes(messages.map { .chat($0) }))
        }
        let always = Int64.min...Int64.max
        try await pages(failure, { try await store.likes(of: id, milliseconds: always, page: $0) }) { likes in
            for batch in likes { digest.add(batch) }
            try await use(.writes(likes.map { .likes($0) }))
        }
        return digest
    }

    private func ids(
        in store: any LivestreamStore, _ failure: (StoreError) -> Failure
    ) async throws -> [StreamID] {
        var ids: [StreamID] = []
        try await pages(failure, { try await store.livestreams(status: nil, page: $0) }) { ids += $0.map(\.id) }
        return ids
    }

    private func pages<Item>(
        _ failure: (StoreError) -> Failure, _ read: (PageRequest) async throws -> Page<Item>,
        _ use: ([Item]) async throws -> Void
    ) async throws {
        var request = PageRequest(limit: Self.pageLimit)
        repeat {
            let page: Page<Item>
            do {
                page = try await read(request)
            } catch let error as StoreError {
                throw failure(error)
            }
            if !page.items.isEmpty { try await use(page.items) }
            request.cursor = page.nextCursor
        } while request.cursor != nil
    }
}

extension Product {
    /// Without the pin that has no end: those are made anew, in their order.
    fileprivate var withoutOpenPin: Product {
        var product = self
        if pinnedAtMS != nil { product.pins.removeLast() }
        return product
    }
}
