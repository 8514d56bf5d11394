import Testing

@testable import SRTP

@Suite("HMAC-SHA1")
struct HMACSHA1Tests {
    /// The number that SRTP puts behind a message is its last four bytes here. Keys beyond 20 bytes are not ours.
    @Test(
        "signs as in RFC 2202, section 3",
        arguments: [
            ([UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8), "b617318655057264e28b"),
            (Array("Jefe".utf8), Array("what do ya want for nothing?".utf8), "effcdf6ae5eb2fa2d274"),
            ([UInt8](repeating: 0xAA, count: 20), [UInt8](repeating: 0xDD, count: 50), "125d7342b9ac11cd91a3"),
        ])
    func vectors(key: [UInt8], message: [UInt8], tag: String) throws {
        let number = message.suffix(4).reduce(0) { $0 << 8 | UInt32($1) }
        let hmac = try HMACSHA1(key: key)
        var signature = [UInt8](repeating: 0, count: HMACSHA1.tagBytes)
        let isSigned = signature.withUnsafeMutableBytes { signature in
            message.dropLast(4).withUnsafeBytes { message in
                signature.baseAddress.map { hmac.sign(message, number, to: $0) } ?? false
            }
        }
        #expect(isSigned && signature == [UInt8](hex: tag))
    }
}
