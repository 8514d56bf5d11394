@testable import Wire

/// Where a viewer's packets are sealed: one for each home of the `Cipher` seam.
enum CipherHome: String, CaseIterable, Sendable {
    case gcm
    case counterMode = "ctr-sha1"

    var profile: SRTPKeys.Profile { self == .gcm ? .aeadAES128GCM : .aes128CMSHA1_80 }

    /// libsrtp2 opens what an uplink sends, whatever home viewers have: once for each profile is enough.
    var isOnUplinks: Bool { self == .gcm || self == .counterMode }

    var isGalois: Bool { profile == .aeadAES128GCM }

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
