private import COpenSSL

/// HMAC-SHA1 (RFC 2104) cut to 80 bits (RFC 3711, section 4.2.1), with a key that stays: of it only the two states are
/// kept that SHA-1 is in once it has read the padded key.
///
/// SHA-1 is called directly, since EVP_MAC and HMAC_CTX allocate twice for each message (OpenSSL 3.0.22) and take 85 ns
/// longer.
struct HMACSHA1: Sendable {
    static let keyBytes = 20
    static let tagBytes = 10
    private static let blockBytes = 64
    private static let digestBytes = 20
    private typealias Digest = InlineArray<20, UInt8>
    private typealias State = InlineArray<5, UInt32>

    private let inner: State
    private let outer: State

    /// `key` has no more than 64 bytes.
    init(key: [UInt8]) throws(SRTPFailure) {
        guard key.count <= Self.blockBytes, let inner = Self.state(key, padding: 0x36),
            let outer = Self.state(key, padding: 0x5C)
        else { throw .openSSL }
        self.inner = inner
        self.outer = outer
    }

    /// Writes the tag over a message and a number behind it: RTP's rollover counter (RFC 3711, section 4.2), RTCP's
    /// index with its flag (section 3.4).
    func sign(_ message: UnsafeRawBufferPointer, _ number: UInt32, to tag: UnsafeMutableRawPointer) -> Bool {
        guard let digest = digest(message, number) else { return false }
        let target = UnsafeMutableRawBufferPointer(start: tag, count: Self.tagBytes)
        withUnsafeBytes(of: digest) { target.copyBytes(from: $0.prefix(Self.tagBytes)) }
        return true
    }

    /// Whether `tag` is right, in a time that doesn't depend on how wrong it is.
    func verify(_ message: UnsafeRawBufferPointer, _ number: UInt32, tag: UnsafeRawBufferPointer) -> Bool {
        guard tag.count == Self.tagBytes, let digest = digest(message, number) else { return false }
        return withUnsafeBytes(of: digest) { CRYPTO_memcmp($0.baseAddress, tag.baseAddress, Self.tagBytes) == 0 }
    }

    private func digest(_ message: UnsafeRawBufferPointer, _ number: UInt32) -> Digest? {
        var number = number.bigEndian
        var state = Self.resumed(inner)
        guard vitrine_sha1_update(&state, message.baseAddress, message.count) == 1,
            vitrine_sha1_update(&state, &number, 4) == 1, var digest = Self.final(&state)
        else { return nil }
        state = Self.resumed(outer)
        guard vitrine_sha1_update(&state, &digest, Self.digestBytes) == 1 else { return nil }
        return Self.final(&state)
    }

    private static func final(_ state: inout SHA_CTX) -> Digest? {
        var digest = Digest(repeating: 0)
        var span = digest.mutableSpan
        let isDone = span.withUnsafeMutableBufferPointer { vitrine_sha1_final($0.baseAddress, &state) == 1 }
        return isDone ? digest : nil
    }

    private static func state(_ key: [UInt8], padding: UInt8) -> State? {
        let block = (0..<blockBytes).map { ($0 < key.count ? key[$0] : 0) ^ padding }
        var state = SHA_CTX()
        guard vitrine_sha1_init(&state) == 1, vitrine_sha1_update(&state, block, block.count) == 1 else { return nil }
        return [state.h0, state.h1, state.h2, state.h3, state.h4]
    }

    /// SHA-1 as it is after one block.
    private static func resumed(_ words: State) -> SHA_CTX {
        var state = SHA_CTX()
        (state.h0, state.h1, state.h2, state.h3, state.h4) = (words[0], words[1], words[2], words[3], words[4])
        state.Nl = UInt32(8 * blockBytes)
        return state
    }
}
