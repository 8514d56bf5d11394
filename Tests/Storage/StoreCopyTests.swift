import Testing
import Wire

@testable import Storage

@Suite("A copy of a store")
struct StoreCopyTests {
    /// From each home to each.
    static let ways = StoreHome.allCases.flatMap { from in StoreHome.allCases.map { (from, $0) } }

    @Test("holds everything, in its order", arguments: ways)
    func copies(from: StoreHome, to: StoreHome) async throws {
        try await from.with { source, _ in
            try await to.with { target, _ in
                let ids = try await fill(source)
                let copy = StoreCopy(from: source, to: target)
                var reports: [StoreCopy.Progress] = []
                let progress = try await copy.run { reports.append($0) }
                #expect(progress.livestreams == 4 && progress.totalLivestreams == 4 && progress.stage == .checking)
                #expect(reports.map(\.records).max() == 600 + 300 + 2)
                for id in ids { try await expectSame(id, source, target) }
                #expect(
                    try await all(limit: 3) { try await target.livestreams(status: nil, page: $0) }
                        == all(limit: 3) { try await source.livestreams(status: nil, page: $0) })
                // Again: nothing is there twice.
                _ = try await copy.run { _ in }
                for id in ids { try await expectSame(id, source, target) }
            }
        }
    }

    @Test("is finished by the next try when it was interrupted", arguments: StoreHome.allCases)
    func restarted(home: StoreHome) async throws {
        try await StoreHome.sqlite.with { source, _ in
            try await home.with { target, _ in
                let ids = try await fill(source)
                // As far as a first try came: a record with its chat and likes in part, a product without its pins.
                let stream = try await source.livestream(ids[0])
                try await target.restore(stream)
                let chat = try await source.chat(of: ids[0], .all, page: PageRequest(limit: 100)).items
                let likes = try await source.likes(of: ids[0], milliseconds: 0...9_999, page: PageRequest(limit: 50))
                try await target.append(chat.map { .chat($0) } + likes.items.map { .likes($0) }, to: ids[0])
                var product = try await source.products(of: ids[0], page: PageRequest()).items[0]
                product.pins = []
                try await target.restore(product, of: ids[0])
                _ = try await StoreCopy(from: source, to: target).run { _ in }
                for id in ids { try await expectSame(id, source, target) }
            }
        }
    }

    @Test("isn't made into a store that holds something else")
    func foreign() async throws {
        try await StoreHome.sqlite.with { source, _ in
            try await StoreHome.sqlite.with { target, _ in
                _ = try await source.make()
                let other = try await target.make().id
                await #expect(throws: StoreCopy.Failure.foreign(other)) {
                    try await StoreCopy(from: source, to: target).run { _ in }
                }
            }
        }
    }

    @Test("is seen through when it differs", arguments: StoreHome.allCases)
    func differs(home: StoreHome) async throws {
        try await StoreHome.sqlite.with { source, _ in
            try await home.with { target, _ in
                let id = try await fill(source)[0]
                _ = try await StoreCopy(from: source, to: target).run { _ in }
                try await target.append([.chat(message("not in the source"))], to: id)
                await #expect(throws: StoreCopy.Failure.differs(id)) {
                    try await StoreCopy(from: source, to: target).run { _ in }
                }
            }
        }
    }

    private func expectSame(_ id: StreamID, _ source: any LivestreamStore, _ target: any LivestreamStore) async throws {
        #expect(try await target.livestream(id) == source.livestream(id))
        #expect(
            try await all(limit: 100) { try await target.products(of: id, page: $0) }
                == all(limit: 100) { try await source.products(of: id, page: $0) })
        #expect(
            try await all(limit: 100) { try await target.chat(of: id, .all, page: $0) }
                == all(limit: 100) { try await source.chat(of: id, .all, page: $0) })
        let always = Int64.min...Int64.max
        #expect(
            try await all(limit: 100) { try await target.likes(of: id, milliseconds: always, page: $0) }
                == all(limit: 100) { try await source.likes(of: id, milliseconds: always, page: $0) })
    }

    /// A show that ended with a recording, 600 messages, 300 batches of likes and three products; a live one; two more.
    private func fill(_ store: any LivestreamStore) async throws -> [StreamID] {
        let ids = [
            try await store.make("First").id, try await store.make("Live").id, try await store.make("Bare").id,
            try await store.make("Last").id,
        ]
        let time = { Timestamp(milliseconds: $0) }
        var products: [Product] = []
        for title in ["Mug", "Plate", "Cup"] { products.append(try await store.makeProduct(of: ids[0], title: title)) }
        _ = try await store.pin(products[2].id, of: ids[0], atMS: 10)
        _ = try await store.pin(products[0].id, of: ids[0], atMS: 20)
        _ = try await store.unpin(products[0].id, of: ids[0], atMS: 30)
        _ = try await store.pin(products[0].id, of: ids[0], atMS: 30)
        let writes: [ShowWrite] = (0..<600).map { .chat(message("\($0)", atMS: $0 / 3)) }
        let likes: [ShowWrite] = (0..<300).map {
            .likes(LikeBatch(id: .random(), count: $0 + 1, atMS: Int64($0) / 2))
        }
        try await store.append([.started(at: time(5))] + writes + likes, to: ids[0])
        try await store.append([.peakViewerCount(7), .ended(at: time(6_000))], to: ids[0])
        try await store.setRecording(
            Recording(status: .ready, mimeType: "video/mp4", sizeBytes: 1 << 33, durationMS: 5), of: ids[0])
        _ = try await store.update(
            ids[3], with: LivestreamChanges(scheduledAt: time(9), deliveryMode: .relay))
        try await store.append(
            [.started(at: time(7)), .chat(message("x")), .likes(LikeBatch(id: .random(), count: 1, atMS: 1))],
            to: ids[1])
        return ids
    }
}
