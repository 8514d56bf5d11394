/// Finds the frames in the bytes of a WebSocket that are larger than allowed, without keeping any of them
/// (RFC 6455, section 5.2: the base framing).
///
/// The decoder behind it would end the connection at such a frame; with this scanner before it a message that is too
/// large costs its sender an error and nobody any memory.
struct FrameSizeScanner {
    /// What to do with a run of bytes.
    enum Verdict: Equatable {
        case pass
        case swallow
    }

    enum Failure: Error, Equatable {
        /// Even to swallow it would go on for too long.
        case absurdlyLarge
    }

    private enum State {
        /// Up to 10 bytes that tell how long the frame is: the header without its mask.
        case header([UInt8])
        case body(remaining: Int, Verdict)
    }

    let maximumBytes: Int
    let absurdBytes: Int
    private var state = State.header([])

    init(maximumBytes: Int, absurdBytes: Int) {
        self.maximumBytes = maximumBytes
        self.absurdBytes = absurdBytes
    }

    /// One step through what came: how many of `bytes` it took, and where they go.
    struct Step: Equatable {
        var taken: Int
        var verdict: Verdict
        /// Bytes kept from earlier that have to be passed before those.
        var held: [UInt8] = []
        /// An oversized frame begins here.
        var refused = false
    }

    mutating func scan(_ bytes: some RandomAccessCollection<UInt8>) throws(Failure) -> Step {
        switch state {
        case .body(let remaining, let verdict):
            let taken = min(remaining, bytes.count)
            state = taken == remaining ? .header([]) : .body(remaining: remaining - taken, verdict)
            return Step(taken: taken, verdict: verdict)
        case .header(var header):
            var taken = 0
            for byte in bytes {
                header.append(byte)
                taken += 1
                if let size = Self.size(of: header) { return try begin(size: size, header: header, taken: taken) }
            }
            state = .header(header)
            return Step(taken: taken, verdict: .swallow)
        }
    }

    private mutating func begin(size: Size, header: [UInt8], taken: Int) throws(Failure) -> Step {
        guard size.payload <= UInt64(absurdBytes) else { throw .absurdlyLarge }
        let payload = Int(size.payload)
        let isAllowed = payload <= maximumBytes
        let remaining = payload + (size.isMasked ? 4 : 0)
        state = remaining == 0 ? .header([]) : .body(remaining: remaining, isAllowed ? .pass : .swallow)
        return isAllowed
            ? Step(taken: taken, verdict: .swallow, held: header)
            : Step(taken: taken, verdict: .swallow, refused: true)
    }

    private struct Size {
        let payload: UInt64
        let isMasked: Bool
    }

    /// Nil while more of the header is needed.
    private static func size(of header: [UInt8]) -> Size? {
        guard header.count >= 2 else { return nil }
        let isMasked = header[1] & 0x80 != 0
        let extendedBytes =
            switch header[1] & 0x7F {
            case 126: 2
            case 127: 8
            default: 0
            }
        guard header.count == 2 + extendedBytes else { return nil }
        guard extendedBytes > 0 else { return Size(payload: UInt64(header[1] & 0x7F), isMasked: isMasked) }
        return Size(payload: header.dropFirst(2).reduce(0) { $0 << 8 | UInt64($1) }, isMasked: isMasked)
    }
}
