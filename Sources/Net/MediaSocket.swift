import CNet
private import Glibc
package import Wire

/// The UDP socket of one media client: open to all at first, then connected to the one server that answered. It has
/// no memory of its own to receive into: thousands of them share an inbox. For one thread.
package final class MediaSocket {
    package struct Options: Sendable {
        package var bufferBytes: Int32 = 1 << 20
        /// Has the kernel note when each datagram comes.
        package var isTimed = false
        /// Takes several datagrams as one (UDP_GRO).
        package var isJoined = false

        package init() {}
    }

    package let descriptor: Int32
    package let port: UInt16
    private let isIPv4: Bool
    private var isConnected = false

    package init(isIPv4: Bool, _ options: Options = Options()) throws(NetFailure) {
        let family = isIPv4 ? AF_INET : AF_INET6
        descriptor = socket(family, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw NetFailure(reason: "no more sockets: \(String(cString: strerror(errno)))") }
        let any = SocketAddress(isIPv4 ? "0.0.0.0" : "::", port: 0)
        guard let any, SocketCalls.bind(descriptor, any, family: family),
            let bound = SocketCalls.localAddress(of: descriptor)
        else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw NetFailure(reason: "no more UDP ports: \(reason)")
        }
        port = bound.port
        self.isIPv4 = isIPv4
        cnet_set_buffers(descriptor, options.bufferBytes)
        if options.isTimed { _ = cnet_set_timestamps(descriptor) }
        if options.isJoined { _ = cnet_set_receive_offload(descriptor) }
    }

    deinit { close(descriptor) }

    /// How many datagrams were lost because the buffer was full.
    package var dropped: UInt64 { UInt64(cnet_dropped(descriptor)) }

    /// From here on only this address is heard and spoken to.
    package func connect(to address: SocketAddress) -> Bool {
        isConnected = call(address) { Glibc.connect(descriptor, $0, $1) == 0 }
        return isConnected
    }

    /// Sends to the address that it is connected to.
    @discardableResult
    package func send(_ datagram: UnsafeRawBufferPointer) -> Bool {
        Glibc.send(descriptor, datagram.baseAddress, datagram.count, 0) == datagram.count
    }

    /// Sends to this address, or once connected to the one it is connected to.
    @discardableResult
    package func send(_ datagram: [UInt8], to address: SocketAddress) -> Bool {
        datagram.withUnsafeBytes { bytes in
            if isConnected { return send(bytes) }
            return call(address) { sendto(descriptor, bytes.baseAddress, bytes.count, 0, $0, $1) == bytes.count }
        }
    }

    private func call(_ address: SocketAddress, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Bool) -> Bool {
        guard address.isIPv4 == isIPv4 else { return false }
        return address.withSockaddr { storage, length in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    /// The address of this machine from which another one is reached.
    package static func localAddress(towards address: SocketAddress) -> SocketAddress? {
        guard let probe = try? MediaSocket(isIPv4: address.isIPv4), probe.connect(to: address) else { return nil }
        return SocketCalls.localAddress(of: probe.descriptor)
    }
}
