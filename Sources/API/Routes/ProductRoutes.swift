import HTTPTypes
import Hummingbird
import Signaling
import Storage
import Wire

/// `/api/livestreams/{id}/products`: what a show sells, and what of it is pinned.
struct ProductRoutes {
    /// More at once would be a shelf rather than what the host is showing.
    private static let maximumPins = 3

    let store: any LivestreamStore
    let shows: ShowRegistry
    let clock: ServerClock
    let access: ShowAccess
    let admin: AdminMiddleware

    func add(to router: some RouterMethods<VitrineContext>) {
        router.get("/api/livestreams/{id}/products", use: list)
        router.group("/api/livestreams/{id}/products").add(middleware: admin)
            .post(use: create)
            .patch("{product_id}", use: change)
            .delete("{product_id}", use: delete)
            .put("{product_id}/pin", use: pin)
            .delete("{product_id}/pin", use: unpin)
    }

    @Sendable private func list(_ request: Request, context: VitrineContext) async throws -> Response {
        let id = try context.streamID()
        try await access.require(request, for: id)
        return try JSON.response(ListJSON(page: await store.products(of: id, page: request.page())))
    }

    @Sendable private func create(_ request: Request, context: VitrineContext) async throws -> Response {
        let stream = try context.streamID()
        let fields = try await JSONBody.decode(ProductFields.self, from: request)
        guard let title = fields.title else { throw Problem.invalid("The field \"title\" is missing.") }
        guard let price = fields.price else { throw Problem.invalid("The field \"price\" is missing.") }
        let product = Product(
            id: .random(), title: try ProductFields.checkedTitle(title), price: price,
            imageURL: try fields.checkedImageURL() ?? nil, url: try fields.checkedURL() ?? nil)
        try await store.create(product, of: stream)
        return try JSON.response(
            product, status: .created, headers: [.location: "/api/livestreams/\(stream)/products/\(product.id)"])
    }

    @Sendable private func change(_ request: Request, context: VitrineContext) async throws -> Response {
        let (stream, id) = (try context.streamID(), try context.productID())
        let fields = try await JSONBody.decode(ProductFields.self, from: request)
        let changes = ProductChanges(
            title: try fields.title.map(ProductFields.checkedTitle), price: fields.price,
            imageURL: try fields.checkedImageURL(), url: try fields.checkedURL())
        let product = try await store.update(id, of: stream, with: changes)
        if product.pinnedAtMS != nil { await shows.recordChanged(stream) }
        return try JSON.response(product)
    }

    @Sendable private func delete(_ request: Request, context: VitrineContext) async throws -> Response {
        let (stream, id) = (try context.streamID(), try context.productID())
        let product = try await store.product(id, of: stream)
        try await store.delete(id, of: stream)
        if product.pinnedAtMS != nil { await shows.recordChanged(stream) }
        return Response(status: .noContent)
    }

    @Sendable private func pin(_ request: Request, context: VitrineContext) async throws -> Response {
        let (stream, id) = (try context.streamID(), try context.productID())
        let product = try await store.pin(
            id, of: stream, atMS: store.livestream(stream).clock(at: clock.now), limit: Self.maximumPins)
        await shows.recordChanged(stream)
        return try JSON.response(product)
    }

    @Sendable private func unpin(_ request: Request, context: VitrineContext) async throws -> Response {
        let (stream, id) = (try context.streamID(), try context.productID())
        _ = try await store.unpin(id, of: stream, atMS: store.livestream(stream).clock(at: clock.now))
        await shows.recordChanged(stream)
        return Response(status: .noContent)
    }
}

/// What a POST or PATCH of a product may carry. A field that is left out is nil; a URL that is `null` is cleared.
struct ProductFields: Decodable {
    let title: String?
    let price: Price?
    let imageURL: String??
    let url: String??

    private enum CodingKeys: String, CodingKey {
        case title, price, url
        case imageURL = "image_url"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        title = container.contains(.title) ? try container.decode(String.self, forKey: .title) : nil
        price = container.contains(.price) ? try container.decode(Price.self, forKey: .price) : nil
        imageURL =
            container.contains(.imageURL)
            ? .some(try container.decodeIfPresent(String.self, forKey: .imageURL)) : nil
        url = container.contains(.url) ? .some(try container.decodeIfPresent(String.self, forKey: .url)) : nil
    }

    static func checkedTitle(_ title: String) throws -> String {
        try Text.required(title, field: "title", limit: 200)
    }

    func checkedImageURL() throws -> String?? {
        try imageURL.map { try $0.map { try Text.webURL($0, field: "image_url") } }
    }

    func checkedURL() throws -> String?? {
        try url.map { try $0.map { try Text.webURL($0, field: "url") } }
    }
}
