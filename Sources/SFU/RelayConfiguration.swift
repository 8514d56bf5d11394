package import Wire

/// Where the relay listens, and under which addresses its peers find it.
package struct RelayConfiguration: Sendable {
    /// The UDP port; 0 takes a free one.
    package var port: UInt16
    /// The addresses to name as candidates; empty: all of this machine.
    package var addresses: [SocketAddress]
    package var includesLoopback: Bool

    package init(port: UInt16, addresses: [SocketAddress] = [], includesLoopback: Bool) {
        self.port = port
        self.addresses = addresses
        self.includesLoopback = includesLoopback
    }

    var bindAddress: SocketAddress {
        guard let any = SocketAddress(bytes: [0, 0, 0, 0], port: port) else { preconditionFailure("four bytes") }
        return any
    }

    func candidates(port: UInt16) -> [SocketAddress] {
        guard !addresses.isEmpty else { return LocalAddresses.all(includingLoopback: includesLoopback, port: port) }
        return addresses.compactMap { SocketAddress(bytes: $0.bytes, port: port) }
    }
}
