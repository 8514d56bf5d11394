import Wire

extension Livestream {
    /// The status of one that is being deleted: nobody sees it any more, and its chat, likes and products go first.
    static let deletedStatus: BSONValue = "deleted"

    func document(sequence: Int64) -> BSONDocument {
        [
            "_id": .string(id.text), "seq": .int64(sequence), "title": .string(title),
            "description": .string(description), "status": .string(status.rawValue),
            "created_at": BSONValue(createdAt), "scheduled_at": BSONValue(scheduledAt),
            "started_at": BSONValue(startedAt), "ended_at": BSONValue(endedAt), "likes": BSONValue(likes),
            "peak_viewer_count": BSONValue(peakViewerCount), "delivery": delivery.value, "recording": .null,
            "next_seq": 0, "counted": [],
        ]
    }

    init(document: BSONDocument, pinned: [Product]) throws(StoreError) {
        let record = MongoRecord(kind: "livestream", fields: document)
        let delivery = try record.record("delivery", "delivery")
        self.init(
            id: try record.value(StreamID(record.text("_id"))), title: try record.text("title"),
            description: try record.text("description"), createdAt: try record.time("created_at"),
            scheduledAt: try record.optionalTime("scheduled_at"),
            delivery: Delivery(
                mode: try record.value(Delivery.Mode(rawValue: delivery.text("mode"))),
                maxDirectViewers: Int(clamping: try delivery.integer("max_direct_viewers"))))
        status = try record.value(Status(rawValue: record.text("status")))
        startedAt = try record.optionalTime("started_at")
        endedAt = try record.optionalTime("ended_at")
        likes = Int(clamping: try record.integer("likes"))
        peakViewerCount = Int(clamping: try record.integer("peak_viewer_count"))
        pinnedProducts = pinned
        if document["recording"] ?? .null != .null {
            recording = try Recording(record: record.record("recording", "recording"))
        }
    }
}

extension Delivery {
    var value: BSONValue {
        ["mode": .string(mode.rawValue), "max_direct_viewers": BSONValue(maxDirectViewers)]
    }
}

extension Recording {
    var value: BSONValue {
        [
            "status": .string(status.rawValue), "mime_type": .string(mimeType), "size_bytes": .int64(sizeBytes),
            "duration_ms": .int64(durationMS), "runs": .array(runs.all.map(\.value)),
        ]
    }

    fileprivate init(record: MongoRecord) throws(StoreError) {
        self.init(
            status: try record.value(Status(rawValue: record.text("status"))), mimeType: try record.text("mime_type"),
            sizeBytes: try record.integer("size_bytes"), durationMS: try record.integer("duration_ms"),
            runs: RecordingRuns(
                // Older releases knew of none.
                try (record.fields["runs"]?.array ?? []).map { value throws(StoreError) in
                    try RecordingRun(
                        record: MongoRecord(kind: "recording", fields: try record.value(value.document)))
                }))
    }
}

extension RecordingRun {
    fileprivate var value: BSONValue {
        [
            "device": .string(key.device), "run": BSONValue(key.run), "starts_at_ms": .int64(startsAtMS),
            "duration_ms": .int64(durationMS), "status": .string(status.rawValue),
        ]
    }

    fileprivate init(record: MongoRecord) throws(StoreError) {
        let run = Int(clamping: try record.integer("run"))
        self.init(
            key: try record.value(Key(device: try record.text("device"), run: run)),
            startsAtMS: try record.integer("starts_at_ms"), durationMS: try record.integer("duration_ms"),
            status: try record.value(Status(rawValue: record.text("status"))))
    }
}

extension Product {
    func document(stream: StreamID, sequence: Int64) -> BSONDocument {
        [
            "_id": .string(id.text), "stream": .string(stream.text), "seq": .int64(sequence), "title": .string(title),
            "amount": .string(price.amount), "currency": .string(price.currency), "image_url": BSONValue(imageURL),
            "url": BSONValue(url), "is_pinned": .bool(pinnedAtMS != nil), "pin_seq": .int64(sequence),
            "pins": .array(pins.map(\.value)),
        ]
    }

    init(document: BSONDocument) throws(StoreError) {
        let record = MongoRecord(kind: "product", fields: document)
        let price = try record.value(Price(amount: record.text("amount"), currency: record.text("currency")))
        let pins = try record.value(document["pins"]?.array).map { value throws(StoreError) in
            let pin = MongoRecord(kind: "pin", fields: try record.value(value.document))
            return Pin(atMS: try pin.integer("at_ms"), untilMS: try pin.optionalInteger("until_ms"))
        }
        self.init(
            id: try record.value(ProductID(record.text("_id"))), title: try record.text("title"), price: price,
            imageURL: try record.optionalText("image_url"), url: try record.optionalText("url"), pins: pins)
    }
}

extension Pin {
    var value: BSONValue { ["at_ms": .int64(atMS), "until_ms": untilMS.map { .int64($0) } ?? .null] }
}

extension ChatMessage {
    func document(stream: StreamID, sequence: Int64) -> BSONDocument {
        [
            "_id": .string(id.text), "stream": .string(stream.text), "seq": .int64(sequence), "name": .string(name),
            "text": .string(text), "at": BSONValue(at), "at_ms": .int64(atMS), "role": .string(role.rawValue),
        ]
    }

    init(document: BSONDocument) throws(StoreError) {
        let record = MongoRecord(kind: "chat message", fields: document)
        self.init(
            id: try record.value(MessageID(record.text("_id"))), name: try record.text("name"),
            text: try record.text("text"), at: try record.time("at"), atMS: try record.integer("at_ms"),
            role: try record.value(ClientRole(rawValue: record.text("role"))))
    }
}

extension LikeBatch {
    /// Not counted yet: that is done by what comes after its insertion.
    func document(stream: StreamID, sequence: Int64) -> BSONDocument {
        [
            "_id": .string(id.text), "stream": .string(stream.text), "seq": .int64(sequence),
            "count": BSONValue(count), "at_ms": .int64(atMS), "is_counted": false,
        ]
    }

    init(document: BSONDocument) throws(StoreError) {
        let record = MongoRecord(kind: "like", fields: document)
        self.init(
            id: try record.value(Identifier<LikeBatch>(record.text("_id"))),
            count: Int(clamping: try record.integer("count")), atMS: try record.integer("at_ms"))
    }
}
