import CSRTP
import TestSupport
import Wire

@testable import SRTP

/// libsrtp2, which every way of sealing is held against.
final class Referee {
    private var session: srtp_t?

    init?(_ keys: SRTPKeys, master: [UInt8], inbound: Bool) {
        guard UplinkSession.isReady else { return nil }
        var policy = srtp_policy_t()
        let profile = keys.profile == .aeadAES128GCM ? srtp_profile_aead_aes_128_gcm : srtp_profile_aes128_cm_sha1_80
        srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, profile)
        srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, profile)
        policy.ssrc.type = inbound ? ssrc_any_inbound : ssrc_any_outbound
        policy.window_size = 1_024
        var key = master
        let status = key.withUnsafeMutableBufferPointer { buffer in
            policy.key = buffer.baseAddress
            return srtp_create(&session, &policy)
        }
        guard status == srtp_err_status_ok else { return nil }
    }

    deinit { srtp_dealloc(session) }

    func protect(_ packet: [UInt8]) -> [UInt8]? { apply(packet, srtp_protect) }
    func protectRTCP(_ packet: [UInt8]) -> [UInt8]? { apply(packet, srtp_protect_rtcp) }
    func unprotectRTCP(_ packet: [UInt8]) -> [UInt8]? { apply(packet, srtp_unprotect_rtcp) }

    private func apply(
        _ packet: [UInt8],
        _ body: (srtp_t?, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int32>?) -> srtp_err_status_t
    ) -> [UInt8]? {
        var bytes = packet + [UInt8](repeating: 0, count: 144)
        var length = Int32(packet.count)
        let status = bytes.withUnsafeMutableBytes { body(session, $0.baseAddress, &length) }
        return status == srtp_err_status_ok ? Array(bytes.prefix(Int(length))) : nil
    }
}

extension SRTPKeys {
    static func random(_ profile: Profile, using generator: inout SeededGenerator) -> Self {
        let count = profile.keyBytes + profile.saltBytes
        return Self(profile: profile, local: generator.bytes(count), remote: generator.bytes(count))
    }
}

extension [UInt8] {
    init(hex: String) {
        let digits = hex.filter(\.isHexDigit)
        self = stride(from: 0, to: digits.count, by: 2).map { offset in
            let start = digits.index(digits.startIndex, offsetBy: offset)
            return UInt8(digits[start...digits.index(after: start)], radix: 16) ?? 0
        }
    }
}
