import CSRTP
import Wire

@testable import SRTP

/// libsrtp2, which everything of ours is held against.
final class Referee {
    enum Side {
        case sender, receiver
    }

    private var session: srtp_t?

    /// `master`: key, then salt.
    init?(_ side: Side, _ profile: SRTPKeys.Profile, master: [UInt8]) {
        guard UplinkSession.isReady else { return nil }
        var policy = srtp_policy_t()
        let name = profile == .aeadAES128GCM ? srtp_profile_aead_aes_128_gcm : srtp_profile_aes128_cm_sha1_80
        srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, name)
        srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, name)
        policy.ssrc.type = side == .sender ? ssrc_any_outbound : ssrc_any_inbound
        policy.window_size = 1_024
        var key = master
        let status = key.withUnsafeMutableBufferPointer { key in
            policy.key = key.baseAddress
            return srtp_create(&session, &policy)
        }
        guard status == srtp_err_status_ok else { return nil }
    }

    deinit { srtp_dealloc(session) }

    func protect(_ packet: [UInt8]) -> [UInt8]? { apply(packet, srtp_protect) }
    func unprotect(_ packet: [UInt8]) -> [UInt8]? { apply(packet, srtp_unprotect) }
    func protectRTCP(_ packet: [UInt8]) -> [UInt8]? { apply(packet, srtp_protect_rtcp) }
    func unprotectRTCP(_ packet: [UInt8]) -> [UInt8]? { apply(packet, srtp_unprotect_rtcp) }

    /// A source's rollover counter from its next packet on; the source has sent already.
    func setRolloverCounter(_ counter: UInt32, of ssrc: UInt32) -> Bool {
        srtp_set_stream_roc(session, ssrc, counter) == srtp_err_status_ok
    }

    private func apply(
        _ packet: [UInt8],
        _ body: (srtp_t?, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int32>?) -> srtp_err_status_t
    ) -> [UInt8]? {
        // SRTP_MAX_TRAILER_LEN, and the index of RTCP.
        var bytes = packet + [UInt8](repeating: 0, count: 148)
        var length = Int32(packet.count)
        let status = bytes.withUnsafeMutableBytes { body(session, $0.baseAddress, &length) }
        return status == srtp_err_status_ok ? Array(bytes.prefix(Int(length))) : nil
    }
}
