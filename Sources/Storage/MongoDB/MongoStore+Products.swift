package import Wire

extension MongoStore {
    package func create(_ product: Product, of id: StreamID) async throws(StoreError) {
        let database = try await ready()
        let sequence = try await database.allot(1, in: id)
        let inserted = try await database.insert([product.document(stream: id, sequence: sequence)], into: .products)
        guard inserted.taken.isEmpty || inserted.isRepeated else { throw .conflict(reason: "The id is taken.") }
    }

    package func product(_ product: ProductID, of id: StreamID) async throws(StoreError) -> Product {
        try await existingStream(id).product(product, of: id)
    }

    package func products(of id: StreamID, page: PageRequest) async throws(StoreError) -> Page<Product> {
        let start = try page.sequence ?? 0
        let found = try await existingStream(id).find(
            .products, ["stream": .string(id.text), "seq": ["$gt": .int64(start)]],
            sort: ["stream": .int32(1), "seq": .int32(1)], limit: page.limit + 1)
        return try Page(records: found, limit: page.limit, cursor: { "\($0["seq"]?.integer ?? 0)" }) {
            document throws(StoreError) in
            try Product(document: document)
        }
    }

    package func update(
        _ product: ProductID, of id: StreamID, with changes: ProductChanges
    ) async throws(StoreError) -> Product {
        var set = BSONDocument()
        set["title"] = changes.title.map { .string($0) }
        set["amount"] = (changes.price?.amount).map { .string($0) }
        set["currency"] = (changes.price?.currency).map { .string($0) }
        set["image_url"] = changes.imageURL.map { BSONValue($0) }
        set["url"] = changes.url.map { BSONValue($0) }
        guard !set.fields.isEmpty else { return try await self.product(product, of: id) }
        let database = try await existingStream(id)
        let changed = try await database.change(
            .products, ["_id": .string(product.text), "stream": .string(id.text)], ["$set": .document(set)])
        guard let changed else { throw .notFound(what: "product") }
        return try Product(document: changed)
    }

    package func delete(_ product: ProductID, of id: StreamID) async throws(StoreError) {
        let database = try await existingStream(id)
        let filter: BSONValue = ["_id": .string(product.text), "stream": .string(id.text)]
        guard try await database.delete(.products, filter, isMany: false) else { throw .notFound(what: "product") }
        try await database.leavePinPlace(product, in: id)
    }

    package func pin(
        _ product: ProductID, of id: StreamID, atMS: Int64, limit: Int
    ) async throws(StoreError) -> Product {
        let database = try await existingStream(id)
        let known = try await database.product(product, of: id)
        guard known.pinnedAtMS == nil else { return known }
        try await database.takePinPlace(product, in: id, limit: limit)
        let sequence = try await database.allot(1, in: id)
        let pinned = try await database.change(
            .products, ["_id": .string(product.text), "stream": .string(id.text), "is_pinned": false],
            [
                "$set": ["is_pinned": true, "pin_seq": .int64(sequence)],
                "$push": ["pins": Pin(atMS: atMS).value],
            ])
        if let pinned { return try Product(document: pinned) }
        // Pinned already, or deleted meanwhile.
        do {
            return try await database.product(product, of: id)
        } catch {
            try await database.leavePinPlace(product, in: id)
            throw error
        }
    }

    package func unpin(_ product: ProductID, of id: StreamID, atMS: Int64) async throws(StoreError) -> Product {
        let database = try await existingStream(id)
        while true {
            let found = try await database.product(product, of: id)
            guard let since = found.pinnedAtMS else { return found }
            // No pin before the last is open, and pins are only added: its place says which one was meant.
            let place = found.pins.count - 1
            let end = BSONDocument([
                ("pins.\(place).until_ms", .int64(max(since, atMS))), ("is_pinned", false),
            ])
            let filter = BSONDocument([
                ("_id", .string(product.text)), ("stream", .string(id.text)), ("is_pinned", true),
                ("pins", ["$size": .int32(Int32(clamping: found.pins.count))]),
            ])
            let changed = try await database.change(.products, .document(filter), ["$set": .document(end)])
            guard let changed else { continue }
            try await database.leavePinPlace(product, in: id)
            return try Product(document: changed)
        }
    }
}

extension MongoDatabase {
    fileprivate func product(_ product: ProductID, of id: StreamID) async throws(StoreError) -> Product {
        let filter: BSONValue = ["_id": .string(product.text), "stream": .string(id.text)]
        guard let found = try await find(.products, filter, limit: 1).first else { throw .notFound(what: "product") }
        return try Product(document: found)
    }
}
