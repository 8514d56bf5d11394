private import CNice
private import Glibc

/// The other side of an ICE-lite peer, for who knows where it is: controlling, with one pair of candidates, which it
/// nominates with each check unless told not to (RFC 8445, section 8.1.1). Bytes in, bytes out.
package final class ConnectivityChecker {
    private static let maximumBytes = 512
    /// RFC 8445, section 5.1.2.1, for a peer-reflexive candidate.
    private static let priority: UInt32 = 110 << 24 | 65_535 << 8 | 255

    private let agent = UnsafeMutablePointer<StunAgent>.allocate(capacity: 1)
    private let username: [UInt8]
    /// Memory that stays: the library keeps the pointer.
    private let password: UnsafeMutableBufferPointer<UInt8>
    private let tieBreaker: UInt64

    /// `remote`: as the other side's SDP has them; `localFragment`: as ours has it.
    package init(
        remote: ICECredentials, localFragment: String, using generator: inout some RandomNumberGenerator
    ) {
        username = Array("\(remote.usernameFragment):\(localFragment)".utf8)
        let bytes = Array(remote.password.utf8)
        password = .allocate(capacity: bytes.count)
        _ = password.initialize(from: bytes)
        tieBreaker = generator.next()
        stun_agent_init(
            agent, vitrine_stun_known_attributes(), STUN_COMPATIBILITY_RFC5389,
            StunAgentUsageFlags(
                STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS.rawValue | STUN_AGENT_USAGE_USE_FINGERPRINT.rawValue))
    }

    deinit {
        agent.deallocate()
        password.deallocate()
    }

    /// A check to send now; nil when too many are unanswered.
    package func makeCheck(nominating: Bool = true) -> [UInt8]? {
        var message = StunMessage()
        let bytes = [UInt8](unsafeUninitializedCapacity: Self.maximumBytes) { buffer, count in
            count = stun_usage_ice_conncheck_create(
                agent, &message, buffer.baseAddress, buffer.count, username, username.count, password.baseAddress,
                password.count, nominating, true, Self.priority, tieBreaker, nil,
                STUN_USAGE_ICE_COMPATIBILITY_RFC5245)
        }
        return bytes.isEmpty ? nil : bytes
    }

    /// Whether this is a good answer to one of the checks.
    package func receive(_ datagram: [UInt8]) -> Bool {
        var message = StunMessage()
        return datagram.withUnsafeBufferPointer { bytes in
            let status = stun_agent_validate(agent, &message, bytes.baseAddress, bytes.count, Self.acceptKnown, nil)
            return status == STUN_VALIDATION_SUCCESS && stun_message_get_class(&message) == STUN_RESPONSE
        }
    }

    /// Answers are signed with the key of their request, which the agent has kept.
    private static let acceptKnown: StunMessageIntegrityValidate = { _, _, _, _, _, _, _ in true }
}
