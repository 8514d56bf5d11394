/// A connectivity check of our own to one address: whoever answers it there holds the peer's password, and wants what we
/// send (RFC 7675). A lite peer needs none to connect, but without it anybody who sees one check of a peer could have
/// its media sent elsewhere.
package struct AddressCheck: Sendable {
    /// RFC 8445, section 5.1.2.1, for a peer-reflexive candidate.
    private static let priority: [UInt8] = [110, 0xFF, 0xFF, 0xFF]
    /// The lowest: in a conflict of roles the other side changes its own (RFC 8445, section 7.3.1.1).
    private static let tieBreaker = [UInt8](repeating: 0, count: 8)

    /// To be sent to the address, from where the peer sends to; again while there is no answer.
    package let datagram: [UInt8]
    private let transaction: [UInt8]
    private let password: [UInt8]

    /// `remote`: as the peer's SDP has them; `localFragment`: as ours has it.
    package init(
        remote: ICECredentials, localFragment: String, using generator: inout some RandomNumberGenerator
    ) {
        transaction = (0..<12).map { _ in UInt8.random(in: 0...255, using: &generator) }
        password = Array(remote.password.utf8)
        var writer = STUNWriter(STUNMessage.Kind.request, transaction: transaction)
        writer.append(STUNMessage.Attribute.username, Array("\(remote.usernameFragment):\(localFragment)".utf8))
        writer.append(STUNMessage.Attribute.iceControlled, Self.tieBreaker)
        writer.append(STUNMessage.Attribute.priority, Self.priority)
        writer.sign(with: password)
        writer.appendFingerprint()
        datagram = writer.bytes
    }

    /// Whether a datagram can be an answer to any check, by its first bytes.
    package static func isAnswer(_ datagram: [UInt8]) -> Bool { datagram.starts(with: [1, 1]) }

    /// Whether this is the peer's good answer to this check. That it came from the address that was checked is the
    /// caller's to see (RFC 8445, section 7.2.5.2.1).
    package func accepts(_ response: [UInt8]) -> Bool {
        guard let message = STUNMessage(response) else { return false }
        return message.kind == STUNMessage.Kind.success && message.transaction == transaction
            && message.unknownRequired.isEmpty && message.isSigned(with: password)
    }
}
