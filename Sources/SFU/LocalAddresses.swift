private import Glibc
import Wire

/// The IPv4 addresses of this machine's interfaces that are up.
enum LocalAddresses {
    static func all(includingLoopback: Bool, port: UInt16) -> [SocketAddress] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        var found: [SocketAddress] = []
        var next = first
        while let entry = next?.pointee {
            next = entry.ifa_next
            let flags = Int32(bitPattern: entry.ifa_flags)
            guard let address = entry.ifa_addr, Int32(address.pointee.sa_family) == AF_INET,
                flags & Int32(IFF_UP) != 0,
                includingLoopback || flags & Int32(IFF_LOOPBACK) == 0
            else { continue }
            let bytes = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { four in
                withUnsafeBytes(of: four.pointee.sin_addr) { Array($0) }
            }
            if let address = SocketAddress(bytes: bytes, port: port), !found.contains(address) { found.append(address) }
        }
        return found
    }
}
