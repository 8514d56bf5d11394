/// One connectivity check of a lite peer's own, to learn whether the other side really is where it was heard, and still
/// there (RFC 7675; RFC 8445, section 7.2): a source address is easily forged, a signed answer isn't.
package struct AddressCheck {
    /// To be sent, more than once if need be.
    package let datagram: [UInt8]
    private let checker: ConnectivityChecker

    /// `remote`: as the other side's description has them; `localFragment`: as ours has it.
    package init(
        remote: ICECredentials, localFragment: String, using generator: inout some RandomNumberGenerator
    ) {
        checker = ConnectivityChecker(
            remote: remote, localFragment: localFragment, isControlling: false, using: &generator)
        datagram = checker.makeCheck(nominating: false) ?? []
    }

    /// Whether this is a good answer to it.
    package func accepts(_ answer: [UInt8]) -> Bool { checker.receive(answer) }
}
