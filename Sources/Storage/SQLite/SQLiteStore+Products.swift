import GRDB
package import Wire

extension SQLiteStore {
    package func create(_ product: Product, of id: StreamID) async throws(StoreError) {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO products (id, stream, title, amount, currency, image_url, url)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    product.id.text, db.sequence(of: id), product.title, product.price.amount, product.price.currency,
                    product.imageURL, product.url,
                ])
        }
    }

    package func product(_ product: ProductID, of id: StreamID) async throws(StoreError) -> Product {
        try await read { db in try db.product(product, of: id) }
    }

    package func products(of id: StreamID, page: PageRequest) async throws(StoreError) -> Page<Product> {
        try await read { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT * FROM products WHERE stream = ? AND seq > ? ORDER BY seq LIMIT ?",
                arguments: [db.sequence(of: id), page.sequence ?? 0, page.limit + 1])
            return try Page(rows: rows, limit: page.limit) { row in try Product(row: row, in: db) }
        }
    }

    package func update(
        _ product: ProductID, of id: StreamID, with changes: ProductChanges
    ) async throws(StoreError) -> Product {
        try await write { db in
            var changed = try db.product(product, of: id)
            changed.title = changes.title ?? changed.title
            changed.price = changes.price ?? changed.price
            changed.imageURL = changes.imageURL ?? changed.imageURL
            changed.url = changes.url ?? changed.url
            try db.execute(
                sql: "UPDATE products SET title = ?, amount = ?, currency = ?, image_url = ?, url = ? WHERE id = ?",
                arguments: [
                    changed.title, changed.price.amount, changed.price.currency, changed.imageURL, changed.url,
                    product.text,
                ])
            return changed
        }
    }

    package func delete(_ product: ProductID, of id: StreamID) async throws(StoreError) {
        try await write { db in
            try db.execute(
                sql: "DELETE FROM products WHERE id = ? AND stream = ?",
                arguments: [product.text, db.sequence(of: id)])
            guard db.changesCount == 1 else { throw StoreError.notFound(what: "product") }
        }
    }

    package func pin(
        _ product: ProductID, of id: StreamID, atMS: Int64, limit: Int
    ) async throws(StoreError) -> Product {
        try await write { db in
            guard try db.product(product, of: id).pinnedAtMS == nil else { return try db.product(product, of: id) }
            let pinned = try Int.fetchOne(
                db,
                sql: """
                    SELECT count(*) FROM products JOIN pins ON pins.product = products.seq AND pins.until_ms IS NULL
                    WHERE products.stream = ?
                    """, arguments: [db.sequence(of: id)])
            guard pinned ?? 0 < limit else { throw StoreError.tooManyPins(limit) }
            try db.execute(
                sql: "INSERT INTO pins (product, at_ms) SELECT seq, ? FROM products WHERE id = ?",
                arguments: [atMS, product.text])
            return try db.product(product, of: id)
        }
    }

    package func unpin(_ product: ProductID, of id: StreamID, atMS: Int64) async throws(StoreError) -> Product {
        try await write { db in
            _ = try db.product(product, of: id)
            try db.execute(
                sql: """
                    UPDATE pins SET until_ms = max(at_ms, ?)
                    WHERE until_ms IS NULL AND product = (SELECT seq FROM products WHERE id = ?)
                    """,
                arguments: [atMS, product.text])
            return try db.product(product, of: id)
        }
    }
}

extension Database {
    fileprivate func product(_ product: ProductID, of id: StreamID) throws -> Product {
        let row = try Row.fetchOne(
            self, sql: "SELECT * FROM products WHERE id = ? AND stream = ?",
            arguments: [product.text, sequence(of: id)])
        guard let row else { throw StoreError.notFound(what: "product") }
        return try Product(row: row, in: self)
    }
}
