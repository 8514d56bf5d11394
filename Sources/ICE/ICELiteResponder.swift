private import CNice
private import Glibc
package import Wire

/// The whole of ICE for a peer with public addresses (RFC 8445, section 2.5: "lite"): it answers connectivity checks
/// and learns from them where the other side is. Bytes in, bytes out; libnice's STUN library reads and signs.
package final class ICELiteResponder {
    /// What a datagram was.
    package enum Outcome: Equatable {
        /// No STUN request, or one of nobody we know, or forged: nothing to do.
        case ignored
        /// A good check of this session; `reply` goes back. The other side wants to use this path when it `nominates`.
        case checked(usernameFragment: String, nominates: Bool, reply: [UInt8])
        /// A request that must be answered with an error: without credentials (400), with wrong ones (401), with
        /// attributes that we would have to understand (420), or from a peer that takes our role (487).
        case refused(reply: [UInt8])
    }

    /// What the validation of one message needs to know, and finds out.
    private struct Lookup {
        var usernameFragment = ""
        /// Memory that outlives the message: the library keeps the pointer to the key it was given.
        let passwordBuffer: UnsafeMutableBufferPointer<UInt8>
        let password: (String) -> String?
    }

    private static let maximumPasswordBytes = 256
    /// A user name of 513 bytes is in an answer, too.
    private static let maximumReplyBytes = 1_024
    private static let maximumUnknownListed = 32

    private let agent = UnsafeMutablePointer<StunAgent>.allocate(capacity: 1)
    private let passwordBuffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: maximumPasswordBytes)
    /// The lowest there is: a lite peer stays the controlled one, so in a conflict it is the other side that changes
    /// its role (RFC 8445, section 7.3.1.1).
    private static let tieBreaker: UInt64 = 0

    /// A lite peer is the controlled one; only who stands for a full agent is not.
    private let isControlling: Bool

    package init(isControlling: Bool = false) {
        self.isControlling = isControlling
        stun_agent_init(
            agent, vitrine_stun_known_attributes(), STUN_COMPATIBILITY_RFC5389,
            StunAgentUsageFlags(
                STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS.rawValue | STUN_AGENT_USAGE_USE_FINGERPRINT.rawValue))
    }

    deinit {
        agent.deallocate()
        passwordBuffer.deallocate()
    }

    /// Takes one datagram that begins like STUN (RFC 7983). `password` finds our password by our own fragment.
    package func receive(
        _ datagram: [UInt8], from source: SocketAddress, password: @escaping (String) -> String?
    ) -> Outcome {
        guard let message = STUNMessage(datagram), message.kind == STUNMessage.Kind.request else { return .ignored }
        var request = StunMessage()
        var lookup = Lookup(passwordBuffer: passwordBuffer, password: password)
        return datagram.withUnsafeBufferPointer { bytes in
            let status = withUnsafeMutablePointer(to: &lookup) { context in
                stun_agent_validate(
                    agent, &request, bytes.baseAddress, bytes.count, Self.findPassword, UnsafeMutableRawPointer(context)
                )
            }
            switch status {
            case STUN_VALIDATION_SUCCESS, STUN_VALIDATION_UNKNOWN_REQUEST_ATTRIBUTE:
                // The library knows other attributes than a connectivity check may have.
                let unknown = message.unknownRequired
                guard unknown.isEmpty else {
                    return refuse(&request, code: STUN_ERROR_UNKNOWN_ATTRIBUTE, unknown: unknown)
                }
                return answer(&request, usernameFragment: lookup.usernameFragment, from: source)
            case STUN_VALIDATION_UNAUTHORIZED: return refuse(&request, code: STUN_ERROR_UNAUTHORIZED)
            case STUN_VALIDATION_UNAUTHORIZED_BAD_REQUEST: return refuse(&request, code: STUN_ERROR_BAD_REQUEST)
            default: return .ignored
            }
        }
    }

    private func answer(
        _ request: inout StunMessage, usernameFragment: String, from source: SocketAddress
    ) -> Outcome {
        let nominates = stun_usage_ice_conncheck_use_candidate(&request)
        var reply = StunMessage()
        var length = Self.maximumReplyBytes
        var isControlling = isControlling
        var isAnswered = false
        let bytes = [UInt8](unsafeUninitializedCapacity: Self.maximumReplyBytes) { buffer, count in
            let status = source.withSockaddr { address, size in
                stun_usage_ice_conncheck_create_reply(
                    agent, &request, &reply, buffer.baseAddress, &length, address, size, &isControlling,
                    Self.tieBreaker,
                    STUN_USAGE_ICE_COMPATIBILITY_RFC5245)
            }
            isAnswered = status == STUN_USAGE_ICE_RETURN_SUCCESS
            count = length > 0 && length <= Self.maximumReplyBytes ? length : 0
        }
        guard !bytes.isEmpty else { return .ignored }
        return isAnswered
            ? .checked(usernameFragment: usernameFragment, nominates: nominates, reply: bytes) : .refused(reply: bytes)
    }

    /// RFC 8489, sections 6.3.1 and 9.1.3: signed when the request was, which the library keeps in mind.
    private func refuse(_ request: inout StunMessage, code: StunError, unknown: [UInt16] = []) -> Outcome {
        let unknown = unknown.prefix(Self.maximumUnknownListed).flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        var reply = StunMessage()
        let bytes = [UInt8](unsafeUninitializedCapacity: Self.maximumReplyBytes) { buffer, count in
            count = 0
            guard stun_agent_init_error(agent, &reply, buffer.baseAddress, Self.maximumReplyBytes, &request, code)
            else {
                return
            }
            if !unknown.isEmpty {
                stun_message_append_bytes(&reply, STUN_ATTRIBUTE_UNKNOWN_ATTRIBUTES, unknown, unknown.count)
            }
            count = stun_agent_finish_message(agent, &reply, nil, 0)
        }
        return bytes.isEmpty ? .ignored : .refused(reply: bytes)
    }

    /// A check's user name is our fragment, a colon, and theirs (RFC 8445, section 7.2.2).
    private static let findPassword: StunMessageIntegrityValidate = {
        _, _, username, usernameLength, key, keyLength, context in
        guard let username, let context, let key, let keyLength, usernameLength <= 513 else { return false }
        let lookup = context.assumingMemoryBound(to: Lookup.self)
        let name = UnsafeBufferPointer(start: username, count: Int(usernameLength)).prefix { $0 != UInt8(ascii: ":") }
        lookup.pointee.usernameFragment = String(decoding: name, as: UTF8.self)
        guard let password = lookup.pointee.password(lookup.pointee.usernameFragment) else { return false }
        let buffer = lookup.pointee.passwordBuffer
        let count = buffer.update(fromContentsOf: Array(password.utf8.prefix(buffer.count)))
        key.pointee = buffer.baseAddress
        keyLength.pointee = count
        return true
    }
}
