import Net
package import Wire

/// Where the relay listens, and under which addresses its peers find it.
package struct RelayConfiguration: Sendable {
    /// The UDP port of the first worker; 0 takes a free one.
    package var port: UInt16
    /// The addresses to name as candidates; empty: all of this machine.
    package var addresses: [SocketAddress]
    /// Addresses that a NAT in front of this machine maps to it: named instead of the machine's own.
    package var publicAddresses: [SocketAddress] = []
    package var includesLoopback: Bool

    package init(port: UInt16, addresses: [SocketAddress] = [], includesLoopback: Bool) {
        self.port = port
        self.addresses = addresses
        self.includesLoopback = includesLoopback
    }

    func bindAddress(worker: Int) throws(NetFailure) -> SocketAddress {
        let port = self.port == 0 ? 0 : Int(self.port) + worker
        guard let number = UInt16(exactly: port), let any = SocketAddress(bytes: [0, 0, 0, 0], port: number) else {
            throw NetFailure(reason: "there is no port \(port)")
        }
        return any
    }

    func candidates(port: UInt16) -> [Candidate] {
        var named = publicAddresses + addresses
        if named.isEmpty { named = LocalAddresses.all(includingLoopback: includesLoopback, port: port) }
        return named.enumerated().map { rank, address in
            Candidate(address: address.with(port: port), transport: .udp, rank: rank)
        }
    }
}
