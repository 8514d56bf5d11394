import TestSupport
import Testing
import Wire

@testable import Storage

@Suite("A store", .serialized)
struct StoreContractTests {
    @Test("gives back what was put in, also after it was opened again", arguments: StoreHome.allCases)
    func roundTrip(home: StoreHome) async throws {
        try await home.with { store, reopen in
            var stream = Livestream(
                id: .random(), title: "Grüße 👋", description: "Two\nlines", createdAt: Timestamp(milliseconds: 5),
                scheduledAt: Timestamp(milliseconds: 9), delivery: Delivery(mode: .relay, maxDirectViewers: 0))
            try await store.create(stream)
            #expect(try await store.livestream(stream.id) == stream)

            stream.recording = Recording(status: .ready, mimeType: "video/webm", sizeBytes: 1 << 40, durationMS: 7)
            try await store.setRecording(stream.recording, of: stream.id)
            let product = try await store.makeProduct(of: stream.id)
            let pinned = try await store.pin(product.id, of: stream.id, atMS: 61_500)
            stream.pinnedProducts = [pinned]
            #expect(try await store.livestream(stream.id) == stream)
            await store.close()
            let again = try await reopen()
            #expect(try await again.livestream(stream.id) == stream)
            await again.close()
        }
    }

    @Test(
        "has a name of its own, and keeps the runs of a recording, also after it was opened again",
        arguments: StoreHome.allCases)
    func identityAndRuns(home: StoreHome) async throws {
        try await home.with { store, reopen in
            let id = try await store.identity()
            #expect(try await store.identity() == id)
            let stream = try await store.make()
            var runs = RecordingRuns()
            for (device, run, start) in [("laptop-01", 2, 9_000), ("laptop-01", 1, 0), ("phone-001", 1, 5_000)] {
                let key = try #require(RecordingRun.Key(device: device, run: run))
                let isTaken = runs.announce(key, startsAtMS: Int64(start))
                #expect(isTaken)
            }
            runs.finish(runs.all[0].key)
            let recording = Recording(status: .waiting, mimeType: "video/webm", runs: runs)
            try await store.setRecording(recording, of: stream.id)
            await store.close()
            let again = try await reopen()
            #expect(try await again.identity() == id)
            #expect(try await again.livestream(stream.id).recording == recording)
            let other = StoreID.random()
            try await again.takeIdentity(other)
            #expect(try await again.identity() == other)
            await again.close()
        }
    }

    @Test("changes what is given and clears what is null", arguments: StoreHome.allCases)
    func updates(home: StoreHome) async throws {
        try await home.with { store, _ in
            let id = try await store.make("Old").id
            let time = Timestamp(milliseconds: 77)
            #expect(try await store.update(id, with: LivestreamChanges(scheduledAt: .some(time))).scheduledAt == time)
            let changed = try await store.update(id, with: LivestreamChanges(title: "New"))
            #expect(changed.title == "New" && changed.scheduledAt == time)
            #expect(try await store.update(id, with: LivestreamChanges(scheduledAt: .some(nil))).scheduledAt == nil)
            #expect(try await store.livestream(id).title == "New")
        }
    }

    @Test(
        "lists livestreams newest first, by status, in parts that stay whole while others come",
        arguments: StoreHome.allCases)
    func lists(home: StoreHome) async throws {
        try await home.with { store, _ in
            var ids: [StreamID] = []
            for number in 0..<25 { ids.append(try await store.make("\(number)", at: Int64(number / 2)).id) }
            try await store.append([.started(at: Timestamp(milliseconds: 1))], to: ids[3])
            #expect(
                try await all(limit: 7) { try await store.livestreams(status: nil, page: $0) }.map(\.id)
                    == ids.reversed())
            #expect(
                try await all(limit: 7) { try await store.livestreams(status: .live, page: $0) }.map(\.id) == [ids[3]])
            let first = try await store.livestreams(status: nil, page: PageRequest(limit: 10))
            _ = try await store.make("late")
            let second = try await store.livestreams(
                status: nil, page: PageRequest(limit: 10, cursor: first.nextCursor))
            #expect(second.items.map(\.id) == Array(ids.reversed()[10..<20]))
            let oldest = try await store.make("put in last, made first", at: -5).id
            #expect(try await all(limit: 26) { try await store.livestreams(status: nil, page: $0) }.last?.id == oldest)
        }
    }

    @Test("takes an id only once", arguments: StoreHome.allCases)
    func takenIDs(home: StoreHome) async throws {
        try await home.with { store, _ in
            let stream = try await store.make("First")
            let product = try await store.makeProduct(of: stream.id, title: "First")
            let otherStream = Livestream(id: stream.id, title: "Second", createdAt: stream.createdAt)
            let otherProduct = Product(id: product.id, title: "Second", price: product.price)
            let taken = StoreError.conflict(reason: "The id is taken.")
            await #expect(throws: taken) { try await store.create(otherStream) }
            await #expect(throws: taken) { try await store.create(otherProduct, of: stream.id) }
            #expect(try await store.livestream(stream.id).title == "First")
            #expect(try await store.product(product.id, of: stream.id).title == "First")
        }
    }

    @Test("keeps a show's writes in order, each once", arguments: StoreHome.allCases)
    func showWrites(home: StoreHome) async throws {
        try await home.with { store, _ in
            let id = try await store.make().id
            let (start, end) = (Timestamp(milliseconds: 2_000), Timestamp(milliseconds: 9_000))
            let likes = LikeBatch(id: .random(), count: 5, atMS: 10)
            let chat = [message("one", atMS: 3), message("two", atMS: 3)]
            let writes: [ShowWrite] =
                [.started(at: start), .peakViewerCount(7), .likes(likes)] + chat.map { .chat($0) }
            try await store.append(writes, to: id)
            try await store.append(writes + [.peakViewerCount(3), .started(at: end)], to: id)
            var stream = try await store.livestream(id)
            #expect(stream.status == .live && stream.startedAt == start)
            #expect(stream.likes == 5 && stream.peakViewerCount == 7)
            #expect(try await store.latestChat(of: id, limit: 50) == chat)
            try await store.append([.ended(at: end)], to: id)
            stream = try await store.livestream(id)
            #expect(stream.status == .ended && stream.endedAt == end)
            try await store.append([.ended(at: end.advanced(byMilliseconds: 1)), .started(at: end)], to: id)
            #expect(try await store.livestream(id) == stream)
        }
    }

    @Test("merges changes of different fields that come at once, whatever they are", arguments: StoreHome.allCases)
    func merges(home: StoreHome) async throws {
        try await home.with { store, _ in
            var generator = SeededGenerator(seed: 7)
            for round in 0..<25 {
                let id = try await store.make("Old").id
                let product = try await store.makeProduct(of: id)
                let time = Timestamp(milliseconds: Int64(round) + 1)
                let changes: [LivestreamChanges] = [
                    LivestreamChanges(title: "T\(round)"), LivestreamChanges(description: "D\(round)"),
                    LivestreamChanges(scheduledAt: .some(time)), LivestreamChanges(deliveryMode: .relay),
                    LivestreamChanges(maxDirectViewers: round),
                ].shuffled(using: &generator)
                let price = try #require(Price(amount: "\(round)", currency: "USD"))
                let productChanges = [
                    ProductChanges(title: "P\(round)"), ProductChanges(price: price),
                    ProductChanges(imageURL: .some("https://i\(round)")),
                    ProductChanges(url: .some("https://u\(round)")),
                ].shuffled(using: &generator)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for change in changes { group.addTask { _ = try await store.update(id, with: change) } }
                    for change in productChanges {
                        group.addTask { _ = try await store.update(product.id, of: id, with: change) }
                    }
                    group.addTask { _ = try await store.pin(product.id, of: id, atMS: 5, limit: 3) }
                    try await group.waitForAll()
                }
                let stream = try await store.livestream(id)
                #expect(stream.title == "T\(round)" && stream.description == "D\(round)" && stream.scheduledAt == time)
                #expect(stream.delivery == Delivery(mode: .relay, maxDirectViewers: round))
                let changed = try #require(stream.pinnedProducts.first)
                #expect(changed.title == "P\(round)" && changed.price == price)
                #expect(changed.imageURL == "https://i\(round)" && changed.url == "https://u\(round)")
            }
        }
    }

    @Test("pins as many products as may be, of however many at once", arguments: StoreHome.allCases)
    func pinLimit(home: StoreHome) async throws {
        try await home.with { store, reopen in
            for _ in 0..<8 {
                let id = try await store.make().id
                var products: [ProductID] = []
                for _ in 0..<7 { products.append(try await store.makeProduct(of: id).id) }
                let results = await withTaskGroup(of: (ProductID, Bool).self) { group in
                    for product in products {
                        group.addTask {
                            do {
                                _ = try await store.pin(product, of: id, atMS: 1, limit: 3)
                                return (product, true)
                            } catch {
                                if case .conflict = error as? StoreError { return (product, false) }
                                Issue.record("\(error)")
                                return (product, false)
                            }
                        }
                    }
                    return await group.reduce(into: [ProductID: Bool]()) { $0[$1.0] = $1.1 }
                }
                let pinned = Set(try await store.livestream(id).pinnedProducts.map(\.id))
                #expect(pinned.count == 3 && pinned == Set(results.filter(\.value).keys))
                // Again is no other; a place that is left is free.
                let (one, late) = (try #require(pinned.first), try #require(products.first { !pinned.contains($0) }))
                _ = try await store.pin(one, of: id, atMS: 2, limit: 3)
                _ = try await store.unpin(one, of: id, atMS: 3)
                _ = try await store.pin(late, of: id, atMS: 4, limit: 3)
                try await store.delete(late, of: id)
                _ = try await store.pin(one, of: id, atMS: 5, limit: 3)
                await #expect(throws: StoreError.self) {
                    try await store.pin(
                        products.first { !pinned.contains($0) && $0 != late } ?? one, of: id, atMS: 6, limit: 3)
                }
            }
            await store.close()
            let again = try await reopen()
            let streams = try await again.livestreams(status: nil, page: PageRequest())
            #expect(streams.items.allSatisfy { $0.pinnedProducts.count == 3 })
            await again.close()
        }
    }

    @Test("finds chat by place and by the stream's clock", arguments: StoreHome.allCases)
    func chat(home: StoreHome) async throws {
        try await home.with { store, _ in
            let id = try await store.make().id
            let messages = (0..<30).map { message("\($0)", atMS: Int64($0 / 3) * 100) }
            try await store.append(messages.map { .chat($0) }, to: id)
            let texts = { (query: ChatQuery, limit: Int) in
                try await all(limit: limit) { try await store.chat(of: id, query, page: $0) }.map(\.text)
            }
            #expect(try await texts(.all, 7) == messages.map(\.text))
            #expect(try await texts(.after(messages[10].id), 7) == messages[11...].map(\.text))
            #expect(try await texts(.milliseconds(200...400), 4) == messages[6..<15].map(\.text))
            let older = try await store.chat(of: id, .before(messages[10].id), page: PageRequest(limit: 4))
            #expect(older.items.map(\.text) == messages[6..<10].map(\.text))
            let oldest = try await store.chat(
                of: id, .before(messages[10].id), page: PageRequest(limit: 100, cursor: older.nextCursor))
            #expect(oldest.items.map(\.text) == messages[..<6].map(\.text) && oldest.nextCursor == nil)
            let none = try await store.chat(of: id, .before(messages[0].id), page: PageRequest(limit: 4))
            #expect(none == Page(items: [], nextCursor: nil))
            #expect(try await store.latestChat(of: id, limit: 3).map(\.text) == ["27", "28", "29"])

            try await store.deleteChat(messages[0].id, of: id)
            #expect(try await texts(.all, 100) == messages[1...].map(\.text))
            await #expect(throws: StoreError.notFound(what: "message")) {
                try await store.deleteChat(messages[0].id, of: id)
            }
            await #expect(throws: StoreError.notFound(what: "message")) { try await texts(.before(.random()), 5) }
        }
    }

    @Test("gives the likes of a span as they came", arguments: StoreHome.allCases)
    func likes(home: StoreHome) async throws {
        try await home.with { store, _ in
            let id = try await store.make().id
            let batches = (0..<12).map { LikeBatch(id: .random(), count: $0 + 1, atMS: Int64($0) * 50) }
            try await store.append(batches.map { .likes($0) }, to: id)
            let found = try await all(limit: 5) { try await store.likes(of: id, milliseconds: 100...400, page: $0) }
            #expect(found == Array(batches[2...8]))
            #expect(try await store.livestream(id).likes == 78)
        }
    }

    @Test("pins a product as often as asked, but once at a time", arguments: StoreHome.allCases)
    func pins(home: StoreHome) async throws {
        try await home.with { store, _ in
            let id = try await store.make().id
            let (mug, plate) = (
                try await store.makeProduct(of: id, title: "Mug"), try await store.makeProduct(of: id, title: "Plate")
            )
            _ = try await store.pin(plate.id, of: id, atMS: 10)
            _ = try await store.pin(mug.id, of: id, atMS: 20)
            #expect(try await store.pin(plate.id, of: id, atMS: 30).pinnedAtMS == 10)
            #expect(try await store.livestream(id).pinnedProducts.map(\.title) == ["Plate", "Mug"])
            #expect(try await store.unpin(plate.id, of: id, atMS: 40).pins == [Pin(atMS: 10, untilMS: 40)])
            #expect(try await store.unpin(plate.id, of: id, atMS: 50).pins == [Pin(atMS: 10, untilMS: 40)])
            let again = try await store.pin(plate.id, of: id, atMS: 60)
            #expect(again.pins == [Pin(atMS: 10, untilMS: 40), Pin(atMS: 60)])
            #expect(try await store.livestream(id).pinnedProducts.map(\.title) == ["Mug", "Plate"])
            #expect(
                try await all(limit: 1) { try await store.products(of: id, page: $0) }.map(\.title) == ["Mug", "Plate"])
            let price = try #require(Price(amount: "5", currency: "USD"))
            let changed = try await store.update(
                mug.id, of: id, with: ProductChanges(price: price, url: .some("https://s")))
            #expect(changed.price == price && changed.url == "https://s" && changed.title == "Mug")
            try await store.delete(mug.id, of: id)
            #expect(try await store.livestream(id).pinnedProducts.map(\.title) == ["Plate"])
        }
    }

    @Test("knows nothing of what isn't there", arguments: StoreHome.allCases)
    func unknown(home: StoreHome) async throws {
        try await home.with { store, _ in
            let (nobody, nothing) = (StreamID.random(), ProductID.random())
            let id = try await store.make().id
            let other = try await store.make().id
            let foreign = try await store.makeProduct(of: other)
            let stream = StoreError.notFound(what: "livestream")
            let product = StoreError.notFound(what: "product")
            await #expect(throws: stream) { try await store.livestream(nobody) }
            await #expect(throws: stream) { try await store.update(nobody, with: LivestreamChanges()) }
            await #expect(throws: stream) { try await store.delete(nobody) }
            await #expect(throws: stream) { try await store.setRecording(nil, of: nobody) }
            await #expect(throws: stream) { try await store.append([.chat(message("x"))], to: nobody) }
            await #expect(throws: stream) { try await store.chat(of: nobody, .all, page: PageRequest()) }
            await #expect(throws: stream) { try await store.makeProduct(of: nobody) }
            await #expect(throws: product) { try await store.product(nothing, of: id) }
            await #expect(throws: product) { try await store.product(foreign.id, of: id) }
            await #expect(throws: product) { try await store.pin(foreign.id, of: id, atMS: 0) }
            await #expect(throws: product) { try await store.delete(foreign.id, of: id) }
            for cursor in ["", "x", "-1", "1-2-3", "99999999999999999999", "1;DROP TABLE"] {
                let page = PageRequest(limit: 5, cursor: cursor)
                await #expect(throws: StoreError.badCursor) { try await store.livestreams(status: nil, page: page) }
                await #expect(throws: StoreError.badCursor) { try await store.chat(of: id, .all, page: page) }
                await #expect(throws: StoreError.badCursor) {
                    try await store.chat(of: id, .milliseconds(0...9), page: page)
                }
                await #expect(throws: StoreError.badCursor) { try await store.products(of: id, page: page) }
                await #expect(throws: StoreError.badCursor) {
                    try await store.likes(of: id, milliseconds: 0...9, page: page)
                }
            }
        }
    }

    @Test("deletes a livestream with all that hangs on it, but not while it is live", arguments: StoreHome.allCases)
    func deletes(home: StoreHome) async throws {
        try await home.with { store, _ in
            let id = try await store.make().id
            let product = try await store.makeProduct(of: id)
            _ = try await store.pin(product.id, of: id, atMS: 0)
            try await store.append([.started(at: Timestamp(milliseconds: 1)), .chat(message("x"))], to: id)
            let error = await #expect(throws: StoreError.self) { try await store.delete(id) }
            guard case .conflict = error else { throw try #require(error) }
            try await store.append([.ended(at: Timestamp(milliseconds: 2))], to: id)
            try await store.delete(id)
            await #expect(throws: StoreError.notFound(what: "livestream")) {
                try await store.latestChat(of: id, limit: 1)
            }
        }
    }

    @Test("loses nothing when 64 write at once", arguments: StoreHome.allCases)
    func concurrency(home: StoreHome) async throws {
        try await home.with { store, _ in
            let id = try await store.make().id
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<64 {
                    group.addTask {
                        for number in 0..<10 {
                            try await store.append(
                                [
                                    .likes(LikeBatch(id: .random(), count: 3, atMS: Int64(number))),
                                    .chat(message("\(writer)/\(number)", atMS: Int64(number))),
                                ], to: id)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await store.livestream(id).likes == 1_920)
            let texts = try await all(limit: 100) { try await store.chat(of: id, .all, page: $0) }.map(\.text)
            #expect(Set(texts).count == 640 && texts.count == 640)
        }
    }

    @Test("is unavailable once it is closed", arguments: StoreHome.allCases)
    func closed(home: StoreHome) async throws {
        try await home.with { store, _ in
            let id = try await store.make().id
            await store.close()
            let error = await #expect(throws: StoreError.self) { try await store.livestream(id) }
            guard case .unavailable = error else { throw try #require(error) }
        }
    }
}
