import Wire

/// The session keys of one direction of RTP or of RTCP, as plain bytes: without a pointer, so that a peer that is only
/// kept costs no more than them.
enum SessionKeys: Sendable {
    case galois(AESKey, SessionSalt)
    case counterMode(AESKey, SessionSalt, HMACSHA1)

    /// `master`: key, then salt.
    static func rtp(_ master: [UInt8], _ profile: SRTPKeys.Profile) throws(SRTPFailure) -> Self {
        try Self(master, profile, .rtpEncryption, .rtpSalt, .rtpAuthentication)
    }

    /// `master`: key, then salt.
    static func rtcp(_ master: [UInt8], _ profile: SRTPKeys.Profile) throws(SRTPFailure) -> Self {
        try Self(master, profile, .rtcpEncryption, .rtcpSalt, .rtcpAuthentication)
    }

    private init(
        _ master: [UInt8], _ profile: SRTPKeys.Profile, _ encryption: SRTPKeyDerivation.Label,
        _ salt: SRTPKeyDerivation.Label, _ authentication: SRTPKeyDerivation.Label
    ) throws(SRTPFailure) {
        let derivation = try SRTPKeyDerivation(master, profile: profile)
        let keyBytes = try derivation.key(encryption, byteCount: 16)
        let key = AESKey { keyBytes[$0] }
        let salt = SessionSalt(try derivation.key(salt, byteCount: profile.saltBytes))
        switch profile {
        case .aeadAES128GCM:
            self = .galois(key, salt)
        case .aes128CMSHA1_80:
            let signing = try derivation.key(authentication, byteCount: HMACSHA1.keyBytes)
            self = .counterMode(key, salt, try HMACSHA1(key: signing))
        }
    }

    /// How RTCP looks that is sealed with them.
    var layout: SRTCPPacket.Layout {
        switch self {
        case .galois: .galois
        case .counterMode: .counterMode
        }
    }
}
