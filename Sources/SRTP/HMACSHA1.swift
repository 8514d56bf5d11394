private import COpenSSL

/// HMAC-SHA1 with a key that stays (RFC 2104), for many messages.
struct HMACSHA1: ~Copyable {
    static let keyBytes = 20
    private static let digestBytes = 20

    private let context: OpaquePointer

    init(key: [UInt8]) throws {
        guard let context = vitrine_hmac_sha1(key, key.count) else { throw SRTPFailure.openSSL }
        self.context = context
    }

    deinit { EVP_MAC_CTX_free(context) }

    /// Writes the first `bytes` of the signature over the message and a number behind it (RFC 3711, section 4.2: the
    /// rollover counter).
    func sign(
        _ message: UnsafeRawBufferPointer, _ number: UInt32, into target: UnsafeMutableRawPointer, bytes: Int
    ) -> Bool {
        var number = number.bigEndian
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.digestBytes) { digest in
            var length = 0
            let isDone =
                EVP_MAC_init(context, nil, 0, nil) == 1
                && EVP_MAC_update(context, message.baseAddress?.assumingMemoryBound(to: UInt8.self), message.count) == 1
                && withUnsafeBytes(of: &number) {
                    EVP_MAC_update(context, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), 4) == 1
                } && EVP_MAC_final(context, digest.baseAddress, &length, Self.digestBytes) == 1
            guard isDone, length == Self.digestBytes, let base = digest.baseAddress else { return false }
            target.copyMemory(from: base, byteCount: bytes)
            return true
        }
    }
}
