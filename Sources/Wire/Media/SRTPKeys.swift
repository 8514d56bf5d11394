/// What a handshake gives to SRTP (RFC 5764, section 4.2): a profile, and a key with its salt for each direction.
package struct SRTPKeys: Equatable, Sendable {
    package enum Profile: UInt16, Sendable {
        case aes128CMSHA1_80 = 0x0001
        case aeadAES128GCM = 0x0007

        package var keyBytes: Int { 16 }
        package var saltBytes: Int { self == .aeadAES128GCM ? 12 : 14 }
    }

    package let profile: Profile
    /// What we send with: key, then salt.
    package let local: [UInt8]
    /// What the peer sends with: key, then salt.
    package let remote: [UInt8]

    package init(profile: Profile, local: [UInt8], remote: [UInt8]) {
        self.profile = profile
        self.local = local
        self.remote = remote
    }
}
