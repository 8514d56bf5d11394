private import CSRTP
import DTLS

/// One direction of SRTP and SRTCP with one peer (RFC 3711, RFC 7714), by libsrtp2, with its replay protection.
final class SRTPSession {
    enum Direction {
        case inbound, outbound
    }

    struct Failure: Error {
        let status: UInt32
    }

    /// Room for the authentication tag and the SRTCP index behind a packet.
    static let overheadBytes = 144

    private static let isReady: Bool = srtp_init() == srtp_err_status_ok
    private var session: srtp_t?

    init(_ keys: SRTPKeys, _ direction: Direction) throws {
        guard Self.isReady else { throw Failure(status: srtp_err_status_init_fail.rawValue) }
        var policy = srtp_policy_t()
        let profile = keys.profile == .aeadAES128GCM ? srtp_profile_aead_aes_128_gcm : srtp_profile_aes128_cm_sha1_80
        srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, profile)
        srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, profile)
        policy.ssrc.type = direction == .inbound ? ssrc_any_inbound : ssrc_any_outbound
        policy.window_size = 1_024
        // A repaired packet goes out again with its old number, and so with the same bytes.
        policy.allow_repeat_tx = 1
        var key = direction == .inbound ? keys.remote : keys.local
        let status = key.withUnsafeMutableBufferPointer { buffer in
            policy.key = buffer.baseAddress
            return srtp_create(&session, &policy)
        }
        guard status == srtp_err_status_ok else { throw Failure(status: status.rawValue) }
    }

    deinit { if let session { srtp_dealloc(session) } }

    /// Seals a packet in place; nil when it can't be.
    func protect(_ packet: [UInt8], isRTCP: Bool) -> [UInt8]? {
        apply(packet, room: Self.overheadBytes) { session, bytes, length in
            isRTCP ? srtp_protect_rtcp(session, bytes, length) : srtp_protect(session, bytes, length)
        }
    }

    /// Opens a packet; nil for one that is forged, repeated or cut off.
    func unprotect(_ packet: [UInt8], isRTCP: Bool) -> [UInt8]? {
        apply(packet, room: 0) { session, bytes, length in
            isRTCP ? srtp_unprotect_rtcp(session, bytes, length) : srtp_unprotect(session, bytes, length)
        }
    }

    private func apply(
        _ packet: [UInt8], room: Int,
        _ body: (srtp_t?, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int32>) -> srtp_err_status_t
    ) -> [UInt8]? {
        var length = Int32(packet.count)
        var isDone = false
        let result = [UInt8](unsafeUninitializedCapacity: packet.count + room) { buffer, count in
            _ = buffer.update(fromContentsOf: packet)
            isDone = body(session, UnsafeMutableRawPointer(buffer.baseAddress), &length) == srtp_err_status_ok
            count = isDone ? Int(length) : 0
        }
        return isDone ? result : nil
    }
}
