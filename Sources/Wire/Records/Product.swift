/// Something that a show sells.
package struct Product: Equatable, Sendable {
    package var id: ProductID
    package var title: String
    package var price: Price
    package var imageURL: String?
    package var url: String?
    /// Each time it was pinned, oldest first. The last one has no end while the product is pinned.
    package var pins: [Pin]

    package init(
        id: ProductID, title: String, price: Price, imageURL: String? = nil, url: String? = nil, pins: [Pin] = []
    ) {
        self.id = id
        self.title = title
        self.price = price
        self.imageURL = imageURL
        self.url = url
        self.pins = pins
    }

    /// Where on the stream's clock it was pinned, in milliseconds; nil when it is not pinned now.
    package var pinnedAtMS: Int64? {
        guard let last = pins.last, last.untilMS == nil else { return nil }
        return last.atMS
    }
}

/// One time in which a product was pinned, in milliseconds on the stream's clock.
package struct Pin: Equatable, Sendable {
    package var atMS: Int64
    /// Nil while it stays pinned.
    package var untilMS: Int64?

    package init(atMS: Int64, untilMS: Int64? = nil) {
        self.atMS = atMS
        self.untilMS = untilMS
    }
}

/// An amount of money, kept as it was written: no rounding on the way.
package struct Price: Equatable, Sendable {
    /// Digits with at most four decimals after a point: `19.90`.
    package let amount: String
    /// ISO 4217: three capitals.
    package let currency: String

    /// What is wrong with an amount of this currency, as somebody sends it; nil when nothing is. What is in a store may be
    /// older than this rule.
    package var fault: String? {
        guard let digits = Currency.digits(of: currency) else { return "\"\(currency)\" is no currency of ISO 4217" }
        let decimals = amount.split(separator: ".").dropFirst().first?.count ?? 0
        guard decimals > digits else { return nil }
        return digits == 0
            ? "an amount in \(currency) is a whole number" : "an amount in \(currency) has at most \(digits) decimals"
    }

    /// Nil when `amount` is no such number or `currency` no three capitals.
    package init?(amount: String, currency: String) {
        let parts = amount.split(separator: ".", omittingEmptySubsequences: false)
        let isDigits = { (part: Substring) in !part.isEmpty && part.utf8.allSatisfy { (48...57).contains($0) } }
        guard (1...2).contains(parts.count), parts.allSatisfy(isDigits), parts[0].count <= 9,
            parts.count == 1 || parts[1].count <= 4,
            currency.utf8.count == 3, currency.utf8.allSatisfy({ (65...90).contains($0) })
        else { return nil }
        self.amount = amount
        self.currency = currency
    }
}

extension Price: Codable {
    private enum CodingKeys: String, CodingKey { case amount, currency }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let amount = try container.decode(String.self, forKey: .amount)
        let currency = try container.decode(String.self, forKey: .currency)
        guard let price = Self(amount: amount, currency: currency) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: container.codingPath,
                    debugDescription:
                        #"a price is like {"amount": "1299.90", "currency": "EUR"}: digits, a point, no other marks"#))
        }
        if let fault = price.fault {
            throw DecodingError.dataCorrupted(.init(codingPath: container.codingPath, debugDescription: fault))
        }
        self = price
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(amount, forKey: .amount)
        try container.encode(currency, forKey: .currency)
    }
}

extension Pin: Encodable {
    private enum CodingKeys: String, CodingKey {
        case atMS = "at_ms"
        case untilMS = "until_ms"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(atMS, forKey: .atMS)
        try container.encode(untilMS, forKey: .untilMS)
    }
}

extension Product: Encodable {
    private enum CodingKeys: String, CodingKey {
        case id, title, price, url, pins
        case imageURL = "image_url"
        case pinned
        case atMS = "at_ms"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(title, forKey: .title)
        try container.encode(price, forKey: .price)
        try container.encode(imageURL, forKey: .imageURL)
        try container.encode(url, forKey: .url)
        try container.encode(pinnedAtMS != nil, forKey: .pinned)
        try container.encode(pinnedAtMS, forKey: .atMS)
        try container.encode(pins, forKey: .pins)
    }
}
