import Wire

/// What a POST or PATCH of a livestream may carry. A field that is left out is nil; `scheduled_at: null` clears it.
struct LivestreamFields: Decodable {
    struct DeliveryFields: Decodable {
        let mode: Delivery.Mode?
        let maxDirectViewers: Int?

        private enum CodingKeys: String, CodingKey {
            case mode
            case maxDirectViewers = "max_direct_viewers"
        }
    }

    let title: String?
    let description: String?
    let scheduledAt: Timestamp??
    let deliveryFields: DeliveryFields?

    private enum CodingKeys: String, CodingKey {
        case title, description, delivery
        case scheduledAt = "scheduled_at"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        title = container.contains(.title) ? try container.decode(String.self, forKey: .title) : nil
        description = container.contains(.description) ? try container.decode(String.self, forKey: .description) : nil
        deliveryFields =
            container.contains(.delivery) ? try container.decode(DeliveryFields.self, forKey: .delivery) : nil
        scheduledAt =
            container.contains(.scheduledAt)
            ? .some(try container.decodeIfPresent(Timestamp.self, forKey: .scheduledAt)) : nil
    }

    /// `delivery` with the fields that were given put over it.
    func delivery(over delivery: Delivery) throws -> Delivery {
        let viewers = deliveryFields?.maxDirectViewers ?? delivery.maxDirectViewers
        guard Delivery.allowedDirectViewers.contains(viewers) else {
            throw Problem.invalid("The field \"delivery.max_direct_viewers\" is a whole number from 0 to 64.")
        }
        return Delivery(mode: deliveryFields?.mode ?? delivery.mode, maxDirectViewers: viewers)
    }

    static func checkedTitle(_ title: String) throws -> String {
        try Text.required(title, field: "title", limit: 200)
    }

    static func checkedDescription(_ description: String) throws -> String {
        try Text.bounded(description, field: "description", limit: 5_000)
    }
}
