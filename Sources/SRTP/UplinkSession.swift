private import CSRTP
package import Wire

/// Opens what one publisher sends, by libsrtp2 with its replay protection (RFC 3711, RFC 7714).
package final class UplinkSession {
    /// A datagram can't be longer.
    private static let maximumBytes = 65_535
    private static let window: UInt = 1_024
    /// Once for the process.
    static let isReady: Bool = srtp_init() == srtp_err_status_ok

    private let session: srtp_t
    private let tagBytes: Int

    /// Of `keys`, the remote ones count.
    package init(_ keys: SRTPKeys) throws(SRTPFailure) {
        guard keys.remote.count == keys.profile.keyBytes + keys.profile.saltBytes else { throw .keyLength }
        guard Self.isReady else { throw .libsrtp(status: srtp_err_status_init_fail.rawValue) }
        tagBytes = keys.profile == .aeadAES128GCM ? GaloisCipher.tagBytes : HMACSHA1.tagBytes
        var policy = srtp_policy_t()
        let profile = keys.profile == .aeadAES128GCM ? srtp_profile_aead_aes_128_gcm : srtp_profile_aes128_cm_sha1_80
        srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, profile)
        srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, profile)
        policy.ssrc.type = ssrc_any_inbound
        policy.window_size = Self.window
        var key = keys.remote
        var session: srtp_t?
        let status = key.withUnsafeMutableBufferPointer { key in
            policy.key = key.baseAddress
            return srtp_create(&session, &policy)
        }
        guard status == srtp_err_status_ok, let session else { throw .libsrtp(status: status.rawValue) }
        self.session = session
    }

    deinit { srtp_dealloc(session) }

    /// Opens a datagram in place. Unless it says `opened`, what is there then is not to be used.
    package func open(_ packet: UnsafeMutableRawBufferPointer, isRTCP: Bool) -> OpenResult {
        guard isWellFormed(UnsafeRawBufferPointer(packet), isRTCP: isRTCP) else { return .malformed }
        var length = Int32(packet.count)
        let status =
            isRTCP
            ? srtp_unprotect_rtcp(session, packet.baseAddress, &length)
            : srtp_unprotect(session, packet.baseAddress, &length)
        switch status {
        case srtp_err_status_ok: return .opened(byteCount: Int(length))
        case srtp_err_status_replay_fail, srtp_err_status_replay_old: return .replayed
        case srtp_err_status_auth_fail: return .forged
        default: return .malformed
        }
    }

    /// Whether header and trailer fit, so that libsrtp2 never sees what does not.
    private func isWellFormed(_ packet: UnsafeRawBufferPointer, isRTCP: Bool) -> Bool {
        guard packet.count <= Self.maximumBytes else { return false }
        if isRTCP {
            let leastBytes = SRTCPPacket.headerBytes + 4 + tagBytes
            return packet.count >= leastBytes && packet[0] >> 6 == 2
        }
        guard let headerBytes = RTPHeaderLength.of(packet) else { return false }
        return packet.count - headerBytes >= tagBytes
    }
}
