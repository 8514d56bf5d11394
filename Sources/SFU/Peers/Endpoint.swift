import Wire

/// Where datagrams come from and go to: an address by UDP, or a connection of ICE-TCP (RFC 6544).
struct Endpoint: Hashable, Sendable {
    let address: SocketAddress
    /// The connection's name; 0 by UDP.
    let connection: UInt64

    init(_ address: SocketAddress, connection: UInt64 = 0) {
        self.address = address
        self.connection = connection
    }

    var isUDP: Bool { connection == 0 }
}
