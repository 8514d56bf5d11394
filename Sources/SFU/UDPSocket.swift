private import Glibc
import Wire

/// A bound UDP socket that never waits.
final class UDPSocket: Sendable {
    struct Failure: Error {
        let reason: String
    }

    private static let maximumDatagramBytes = 2_048
    private static let kernelBufferBytes: Int32 = 4 << 20

    let descriptor: Int32
    /// Where it listens, with the port that it really has.
    let address: SocketAddress

    init(binding address: SocketAddress) throws {
        let descriptor = socket(
            address.isIPv4 ? AF_INET : AF_INET6, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(reason: String(cString: strerror(errno))) }
        var size = Self.kernelBufferBytes
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        let status = address.withSockaddr { storage, length in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        guard status == 0, let bound = Self.localAddress(of: descriptor) else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw Failure(reason: "can't listen on UDP port \(address.port): \(reason)")
        }
        self.descriptor = descriptor
        self.address = bound
    }

    deinit { close(descriptor) }

    /// The next datagram and where it came from; nil when there is none now.
    func receive() -> (datagram: [UInt8], source: SocketAddress)? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var received = -1
        let datagram = [UInt8](unsafeUninitializedCapacity: Self.maximumDatagramBytes) { buffer, count in
            received = withUnsafeMutablePointer(to: &storage) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    recvfrom(descriptor, buffer.baseAddress, buffer.count, 0, $0, &length)
                }
            }
            count = max(0, received)
        }
        guard received >= 0, let source = SocketAddress(storage) else { return nil }
        return (datagram, source)
    }

    /// False when the kernel has no room for it: then it is lost, as on any network.
    @discardableResult
    func send(_ datagram: [UInt8], to destination: SocketAddress) -> Bool {
        let sent = destination.withSockaddr { storage, length in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, datagram, datagram.count, 0, $0, length)
            }
        }
        return sent == datagram.count
    }

    private static func localAddress(of descriptor: Int32) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return status == 0 ? SocketAddress(storage) : nil
    }
}
