/// Why something of the network can't be had.
package struct NetFailure: Error {
    /// For the operator.
    package let reason: String

    package init(reason: String) { self.reason = reason }
}
