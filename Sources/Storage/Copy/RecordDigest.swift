import Wire

/// A checksum over everything that belongs to a livestream, and how much that is. Two stores that hold the same give
/// the same, whatever they are.
///
/// FNV-1a, 64 bits: it is to find what was lost, doubled or changed on the way, not what somebody forged.
package struct RecordDigest: Equatable, Sendable {
    package private(set) var messages = 0
    package private(set) var likeBatches = 0
    package private(set) var products = 0
    private var checksum: UInt64 = 0xCBF2_9CE4_8422_2325

    init() {}

    mutating func add(_ stream: Livestream) {
        add(stream.id.text, stream.title, stream.description, stream.status.rawValue, stream.delivery.mode.rawValue)
        for time in [stream.createdAt, stream.scheduledAt, stream.startedAt, stream.endedAt] {
            add(time?.milliseconds)
        }
        add(Int64(stream.likes))
        add(Int64(stream.peakViewerCount))
        add(Int64(stream.delivery.maxDirectViewers))
        for product in stream.pinnedProducts { add(product.id.text) }
        guard let recording = stream.recording else { return add(nil as Int64?) }
        add(recording.status.rawValue, recording.mimeType)
        add(recording.sizeBytes)
        add(recording.durationMS)
        for run in recording.runs.all {
            add(run.key.device, run.status.rawValue)
            for number in [Int64(run.key.run), run.startsAtMS, run.durationMS] { add(number) }
        }
    }

    mutating func add(_ product: Product) {
        products += 1
        add(product.id.text, product.title, product.price.amount, product.price.currency)
        add(optional: product.imageURL)
        add(optional: product.url)
        for pin in product.pins {
            add(pin.atMS)
            add(pin.untilMS)
        }
    }

    mutating func add(_ message: ChatMessage) {
        messages += 1
        add(message.id.text, message.name, message.text, message.role.rawValue)
        add(message.at.milliseconds)
        add(message.atMS)
    }

    mutating func add(_ batch: LikeBatch) {
        likeBatches += 1
        add(batch.id.text)
        add(Int64(batch.count))
        add(batch.atMS)
    }

    private mutating func add(_ texts: String...) {
        for text in texts { add(optional: text) }
    }

    /// With its length, so that no two lists of texts are one row of bytes.
    private mutating func add(optional text: String?) {
        add(text.map { Int64($0.utf8.count) })
        for byte in (text ?? "").utf8 { add(byte) }
    }

    private mutating func add(_ number: Int64?) {
        add(number == nil ? 0 : 1 as UInt8)
        for shift in stride(from: 0, to: 64, by: 8) { add(UInt8(truncatingIfNeeded: (number ?? 0) >> shift)) }
    }

    private mutating func add(_ byte: UInt8) {
        checksum = (checksum ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }
}
