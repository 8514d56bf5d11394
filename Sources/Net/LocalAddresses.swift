private import CNet
private import Glibc
package import Wire

/// The addresses of this machine's interfaces that are up: IPv4 first, without those that mean something on their link
/// only.
package enum LocalAddresses {
    package static func all(includingLoopback: Bool, port: UInt16) -> [SocketAddress] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        var found: [SocketAddress] = []
        var next = first
        while let entry = next?.pointee {
            next = entry.ifa_next
            let flags = Int32(bitPattern: entry.ifa_flags)
            guard flags & Int32(IFF_UP) != 0, includingLoopback || flags & Int32(IFF_LOOPBACK) == 0,
                let address = address(entry.ifa_addr, port: port), !isLinkLocal(address), !found.contains(address)
            else { continue }
            found.append(address)
        }
        return found.filter(\.isIPv4) + found.filter { !$0.isIPv4 }
    }

    private static func address(_ pointer: UnsafeMutablePointer<sockaddr>?, port: UInt16) -> SocketAddress? {
        guard let pointer else { return nil }
        var storage = sockaddr_storage()
        let length =
            switch Int32(pointer.pointee.sa_family) {
            case AF_INET: MemoryLayout<sockaddr_in>.size
            case AF_INET6: MemoryLayout<sockaddr_in6>.size
            default: 0
            }
        withUnsafeMutableBytes(of: &storage) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: length))
        }
        return length == 0 ? nil : SocketAddress(storage)?.with(port: port)
    }

    /// `fe80::/10` (RFC 4291, section 2.5.6).
    private static func isLinkLocal(_ address: SocketAddress) -> Bool {
        !address.isIPv4 && address.bytes[0] == 0xFE && address.bytes[1] & 0xC0 == 0x80
    }
}
