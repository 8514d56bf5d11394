import Crypto
internal import Foundation
import Wire

/// Signs addresses of replays, for a while.
struct ReplaySignature: Sendable {
    private static let hour: Int64 = 3_600_000
    /// An address holds for eleven to twelve hours: it stays the same for an hour, so that browsers keep what they have.
    private static let lifetimeHours: Int64 = 12

    private let key: SymmetricKey

    /// `secret`: what viewers' tokens are signed with.
    init(secret: String) {
        key = SymmetricKey(
            data: HMAC<SHA256>.authenticationCode(
                for: Data("replay".utf8), using: SymmetricKey(data: Data(secret.utf8))))
    }

    func query(for stream: StreamID, at now: Timestamp) -> String {
        let expiry = (now.milliseconds / Self.hour + Self.lifetimeHours) * Self.hour
        return "signature=\(expiry).\(code(of: stream, expiry).map { String(format: "%02x", $0) }.joined())"
    }

    func isValid(_ signature: String?, of stream: StreamID, at now: Timestamp) -> Bool {
        guard let signature, signature.utf8.count <= 128 else { return false }
        let words = signature.split(separator: ".", omittingEmptySubsequences: false)
        guard words.count == 2, let expiry = Int64(words[0]), let code = Data(hexadecimal: words[1]),
            now.milliseconds <= expiry, expiry - now.milliseconds <= Self.lifetimeHours * Self.hour
        else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: text(of: stream, expiry), using: key)
    }

    private func code(of stream: StreamID, _ expiry: Int64) -> HMAC<SHA256>.MAC {
        HMAC<SHA256>.authenticationCode(for: text(of: stream, expiry), using: key)
    }

    private func text(of stream: StreamID, _ expiry: Int64) -> Data { Data("\(stream).\(expiry)".utf8) }
}

extension Data {
    /// 32 bytes in 64 hexadecimal digits; nil for anything else.
    init?(hexadecimal text: some StringProtocol) {
        let digits = text.compactMap(\.hexDigitValue)
        guard text.utf8.count == 64, digits.count == 64 else { return nil }
        self.init(stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) })
    }
}
