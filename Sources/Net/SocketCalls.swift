private import CNet
private import Glibc
import Wire

/// What sockets of every kind need.
enum SocketCalls {
    static func bind(_ descriptor: Int32, _ address: SocketAddress, family: Int32) -> Bool {
        var storage = sockaddr_in6()
        let isWildcard = address.isWildcard && family == AF_INET6
        var length = address.write(to: &storage, mapped: family == AF_INET6)
        if isWildcard {  // `::` rather than the mapped 0.0.0.0, which would take IPv4 alone
            storage = sockaddr_in6()
            storage.sin6_family = sa_family_t(AF_INET6)
            storage.sin6_port = address.port.bigEndian
            length = UInt16(MemoryLayout<sockaddr_in6>.size)
        }
        return withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, socklen_t(length)) == 0
            }
        }
    }

    static func localAddress(of descriptor: Int32) -> SocketAddress? { address { getsockname(descriptor, $0, $1) } }

    private static func address(
        _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, &length) }
        }
        return status == 0 ? SocketAddress(storage) : nil
    }

    /// The next connection, set up for small frames that can't wait; nil when there is none now.
    static func accept(_ listener: Int32) -> (descriptor: Int32, peer: SocketAddress)? {
        var accepted: Int32 = -1
        let peer = address { storage, length in
            accepted = cnet_accept(listener, storage, length)
            return accepted < 0 ? -1 : 0
        }
        guard accepted >= 0 else { return nil }
        cnet_tune_stream(accepted)
        guard let peer else {
            close(accepted)
            return nil
        }
        return (accepted, peer)
    }
}
