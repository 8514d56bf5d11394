import Testing
import Wire

@testable import SRTP

/// One way to seal, of those that this machine has.
struct Sealing: CustomTestStringConvertible, Sendable {
    let profile: SRTPKeys.Profile
    let home: CipherHome

    var testDescription: String { "\(profile) by \(home.rawValue)" }

    static let all =
        CipherHome.available.map { Sealing(profile: .aeadAES128GCM, home: $0) }
        + [Sealing(profile: .aes128CMSHA1_80, home: .openSSL)]
}
