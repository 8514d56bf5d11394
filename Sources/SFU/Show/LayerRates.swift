import Synchronization
import Wire

/// How fast a picture comes, up to each of its temporal layers: with all headers, as a link has to carry it. The uplink's
/// worker writes, all read.
struct LayerRates: ~Copyable, Sendable {
    static let layers = 3
    private static let windowMS: Int64 = 500
    /// RTP's header and extension, SRTP's tag, UDP's and IP's headers.
    private static let overheadBytes = 12 + 8 + 16 + 28

    /// What is being counted; for the writer alone.
    struct Window {
        fileprivate var bytes = InlineArray<3, Int>(repeating: 0)
        fileprivate var began: MonotonicTime?
    }

    private let rates = InlineArray<3, Atomic<UInt32>> { _ in Atomic(0) }

    /// In bits a second, this layer and those below it; 0 while nothing is known.
    func upTo(_ layer: Int) -> Double { Double(rates[layer].load(ordering: .relaxed)) }

    var all: Double { upTo(Self.layers - 1) }

    func note(_ payloadBytes: Int, layer: Int, in window: inout Window, at now: MonotonicTime) {
        window.bytes[min(max(layer, 0), Self.layers - 1)] += payloadBytes + Self.overheadBytes
        let began = window.began ?? now
        window.began = began
        let elapsed = now.milliseconds(since: began)
        guard elapsed >= Self.windowMS else { return }
        var sum = 0
        for layer in 0..<Self.layers {
            sum += window.bytes[layer]
            let measured = Double(sum * 8_000) / Double(elapsed)
            let known = upTo(layer)
            // Up faster than down: a link is to carry what may come next.
            let weight = known == 0 ? 1 : measured > known ? 0.5 : 0.3
            let rate = known + weight * (measured - known)
            rates[layer].store(UInt32(min(max(rate, 0), 4e9)), ordering: .relaxed)
        }
        window = Window()
        window.began = now
    }
}
