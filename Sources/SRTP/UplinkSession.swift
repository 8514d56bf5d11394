private import CSRTP
package import Wire

/// What one publisher sends, opened by libsrtp2 with its replay protection (RFC 3711, RFC 7714).
package final class UplinkSession {
    package enum Outcome: Equatable {
        /// It is in plain text now, this many bytes long.
        case opened(bytes: Int)
        /// Seen before, or too old to tell.
        case replayed
        case forged
        /// Cut off, or no RTP at all.
        case malformed
    }

    static let isReady: Bool = srtp_init() == srtp_err_status_ok
    private static let window: UInt = 1_024
    private var session: srtp_t?

    /// `keys.remote` are used.
    package init(_ keys: SRTPKeys) throws {
        guard Self.isReady else { throw SRTPFailure.libsrtp(status: srtp_err_status_init_fail.rawValue) }
        var policy = srtp_policy_t()
        let profile = keys.profile == .aeadAES128GCM ? srtp_profile_aead_aes_128_gcm : srtp_profile_aes128_cm_sha1_80
        srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, profile)
        srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, profile)
        policy.ssrc.type = ssrc_any_inbound
        policy.window_size = Self.window
        var key = keys.remote
        let status = key.withUnsafeMutableBufferPointer { buffer in
            policy.key = buffer.baseAddress
            return srtp_create(&session, &policy)
        }
        guard status == srtp_err_status_ok else { throw SRTPFailure.libsrtp(status: status.rawValue) }
    }

    deinit { if let session { srtp_dealloc(session) } }

    /// Opens a packet in place.
    package func open(_ packet: UnsafeMutableRawBufferPointer, isRTCP: Bool) -> Outcome {
        guard packet.count >= 12 else { return .malformed }
        var length = Int32(packet.count)
        let status =
            isRTCP
            ? srtp_unprotect_rtcp(session, packet.baseAddress, &length)
            : srtp_unprotect(session, packet.baseAddress, &length)
        switch status {
        case srtp_err_status_ok: return .opened(bytes: Int(length))
        case srtp_err_status_replay_fail, srtp_err_status_replay_old: return .replayed
        case srtp_err_status_auth_fail: return .forged
        default: return .malformed
        }
    }
}
