/// The short-term credentials of one ICE session (RFC 8445, section 5.3): a user name fragment and a password.
package struct ICECredentials: Equatable, Sendable {
    package let usernameFragment: String
    package let password: String

    package init(usernameFragment: String, password: String) {
        self.usernameFragment = usernameFragment
        self.password = password
    }

    /// 8 and 24 random characters: 48 and 144 bits, where the RFC asks for 24 and 128.
    package static func random(using generator: inout some RandomNumberGenerator) -> Self {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        func text(_ length: Int) -> String {
            String((0..<length).map { _ in alphabet[Int(generator.next(upperBound: UInt64(alphabet.count)))] })
        }
        return Self(usernameFragment: text(8), password: text(24))
    }
}
