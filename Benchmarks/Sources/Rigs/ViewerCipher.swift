@testable import SRTP
@testable import Wire

/// How a viewer's packets are sealed: one for each home of the `Cipher` seam.
enum ViewerCipher: String, CaseIterable, Sendable {
    case multiBuffer = "gcm-ipsec-mb"
    case openSSL = "gcm-openssl"
    case counterMode = "ctr-sha1"

    /// What this machine has, and this program was built with.
    static var available: [Self] { allCases.filter { CipherHome.available.contains($0.home) } }

    var home: CipherHome { self == .multiBuffer ? .multiBuffer : .openSSL }
    var profile: SRTPKeys.Profile { self == .counterMode ? .aes128CMSHA1_80 : .aeadAES128GCM }
    var isGalois: Bool { self != .counterMode }
    /// libsrtp2 opens what an uplink sends, whatever home viewers have: once for each profile is enough.
    var isOnUplinks: Bool { self != .multiBuffer }

    /// Keys of the peer with this number, the same in each run.
    func keys(_ number: Int) -> SRTPKeys {
        func master(_ side: Int) -> [UInt8] {
            (0..<profile.keyBytes + profile.saltBytes).map { UInt8(truncatingIfNeeded: 7 * $0 + 31 * number + side) }
        }
        return SRTPKeys(profile: profile, local: master(1), remote: master(101))
    }

    /// The same keys as the other side sees them.
    func peerKeys(_ number: Int) -> SRTPKeys {
        let keys = keys(number)
        return SRTPKeys(profile: profile, local: keys.remote, remote: keys.local)
    }
}
