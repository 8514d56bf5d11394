private import Glibc
import Net
import Wire

/// The machine behind a URL.
enum ServerAddress {
    /// The address of ours from which it is reached.
    static func local(towards host: String) throws(LoadFailure) -> SocketAddress {
        guard let address = resolve(host) else { throw LoadFailure("there is no host named \(host)") }
        guard let local = MediaSocket.localAddress(towards: address) else {
            throw LoadFailure("there is no way to \(host)")
        }
        return local
    }

    private static func resolve(_ host: String) -> SocketAddress? {
        let bare = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        if let literal = SocketAddress(bare, port: 9) { return literal }
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(bare, nil, nil, &first) == 0 else { return nil }
        defer { freeaddrinfo(first) }
        var next = first
        var found: [SocketAddress] = []
        while let entry = next?.pointee {
            next = entry.ai_next
            var storage = sockaddr_storage()
            withUnsafeMutableBytes(of: &storage) {
                $0.copyMemory(from: UnsafeRawBufferPointer(start: entry.ai_addr, count: Int(entry.ai_addrlen)))
            }
            if let address = SocketAddress(storage) { found.append(address.with(port: 9)) }
        }
        return found.first { $0.isIPv4 } ?? found.first
    }
}
