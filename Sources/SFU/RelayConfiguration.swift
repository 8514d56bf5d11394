import Net
package import SRTP
package import Wire

/// Where the relay listens, and under which addresses its peers find it.
package struct RelayConfiguration: Sendable {
    /// The UDP port of the first worker; 0 takes a free one.
    package var port: UInt16
    /// The addresses to name as candidates; empty: all of this machine.
    package var addresses: [SocketAddress]
    /// Addresses that a NAT in front of this machine maps to it.
    package var publicAddresses: [SocketAddress] = []
    package var includesLoopback: Bool
    /// Each is a thread with a port of its own; worker k listens k above `port`.
    package var workers = 1
    /// What viewers' packets are sealed with.
    package var cipherHome = CipherHome.fastest

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

    /// The relay's candidates: UDP first, TCP on the same port where it could be had.
    func candidates(port: UInt16, tcp: Bool) -> [Candidate] {
        // Behind a NAT, who is inside reaches the machine's own addresses and nobody else does: both are named.
        var named = publicAddresses + addresses
        if addresses.isEmpty {
            named += LocalAddresses.all(includingLoopback: includesLoopback, port: port)
        }
        return [Candidate.Transport.udp, .tcpPassive].prefix(tcp ? 2 : 1).flatMap { transport in
            named.enumerated().map { Candidate(address: $1.with(port: port), transport: transport, rank: $0) }
        }
    }
}
