private import CNet
private import Glibc
package import Wire

/// A listening TCP socket whose connections carry datagrams as frames (RFC 4571), for networks that let no UDP through
/// (RFC 6544). It never waits, and belongs to a poll loop's thread.
package final class TCPPort {
    /// One peer's connection.
    private final class Connection {
        let id: UInt64
        let descriptor: Int32
        let address: SocketAddress
        let since: MonotonicTime
        var decoder = FrameDecoder()
        /// Frames that the kernel had no room for yet.
        var backlog: [UInt8] = []
        /// Somebody we know has spoken on it.
        var isTrusted = false

        init(id: UInt64, descriptor: Int32, address: SocketAddress, since: MonotonicTime) {
            self.id = id
            self.descriptor = descriptor
            self.address = address
            self.since = since
        }

        deinit { Glibc.close(descriptor) }
    }

    private static let maximumConnections = 4_096
    private static let maximumConnectionsPerAddress = 64
    /// About half a second of a rich picture: what doesn't fit is dropped, as on any network.
    private static let backlogBytes = 256 << 10
    private static let readBytes = 16 << 10
    /// So long a connection may be open without a word of somebody we know.
    private static let patienceMS: Int64 = 10_000

    package let descriptor: Int32
    /// The number that it really has.
    package let number: UInt16
    private let loop: PollLoop
    private var connections: [UInt64: Connection] = [:]
    private var connectionsByAddress: [String: Int] = [:]
    private var nextID: UInt64 = 1
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: readBytes, alignment: 16)
    private let onFrame: (_ frame: [UInt8], _ connection: UInt64, _ source: SocketAddress) -> Void
    package private(set) var droppedFrames: UInt64 = 0

    /// Listens on both families where the machine has IPv6; on a free port for 0. `onFrame` is called on the loop's thread.
    package init(
        port: UInt16, loop: PollLoop, onFrame: @escaping ([UInt8], UInt64, SocketAddress) -> Void
    ) throws(NetFailure) {
        guard let any = SocketAddress(bytes: [0, 0, 0, 0], port: port),
            let descriptor = Self.listen(any, AF_INET6) ?? Self.listen(any, AF_INET)
        else { throw NetFailure(reason: "can't listen on TCP port \(port): \(String(cString: strerror(errno)))") }
        self.descriptor = descriptor
        number = SocketCalls.localAddress(of: descriptor)?.port ?? port
        self.loop = loop
        self.onFrame = onFrame
        loop.add(descriptor) { [unowned self] _, _ in accept() }
    }

    deinit {
        Glibc.close(descriptor)
        buffer.deallocate()
    }

    package var connectionCount: Int { connections.count }

    private static func listen(_ address: SocketAddress, _ family: Int32) -> Int32? {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var (no, yes): (Int32, Int32) = (0, 1)
        let size = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, size)
        if family == AF_INET6 { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &no, size) }
        guard SocketCalls.bind(descriptor, address, family: family), Glibc.listen(descriptor, 128) == 0 else {
            Glibc.close(descriptor)
            return nil
        }
        return descriptor
    }

    private func accept() {
        for _ in 0..<64 {
            guard let (accepted, address) = SocketCalls.accept(descriptor) else { return }
            let host = address.host
            guard connections.count < Self.maximumConnections,
                connectionsByAddress[host, default: 0] < Self.maximumConnectionsPerAddress
            else {
                Glibc.close(accepted)
                continue
            }
            let connection = Connection(
                id: nextID, descriptor: accepted, address: address, since: MonotonicClock.now())
            nextID += 1
            connections[connection.id] = connection
            connectionsByAddress[host, default: 0] += 1
            loop.add(accepted) { [unowned self, id = connection.id] isReadable, isWritable in
                if isWritable { flush(id) }
                if isReadable { read(id) }
            }
        }
    }

    private func read(_ id: UInt64) {
        guard let connection = connections[id] else { return }
        let count = Glibc.read(connection.descriptor, buffer.baseAddress, buffer.count)
        guard count > 0 else {
            if count == 0 || (errno != EAGAIN && errno != EINTR) { close(id) }
            return
        }
        do {
            try connection.decoder.receive(UnsafeRawBufferPointer(rebasing: buffer[..<count])) { frame in
                onFrame(frame, id, connection.address)
            }
        } catch {
            close(id)  // nothing that speaks to a relay is that long
        }
    }

    /// Somebody we know has spoken: the connection stays.
    package func trust(_ id: UInt64) { connections[id]?.isTrusted = true }

    /// Sends a packet as a frame, or drops it whole when the other side reads too slowly.
    package func send(_ packet: [UInt8], to id: UInt64) {
        guard let connection = connections[id], let frame = FrameDecoder.frame(packet) else { return }
        guard connection.backlog.count + frame.count <= Self.backlogBytes else {
            droppedFrames += 1
            return
        }
        let wasEmpty = connection.backlog.isEmpty
        connection.backlog += frame
        if wasEmpty { flush(id) }
    }

    private func flush(_ id: UInt64) {
        guard let connection = connections[id], !connection.backlog.isEmpty else { return }
        let sent = connection.backlog.withUnsafeBytes {
            Glibc.send(connection.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard sent >= 0 || errno == EAGAIN || errno == EINTR else { return close(id) }
        connection.backlog.removeFirst(max(0, sent))
        loop.setWantsWriting(!connection.backlog.isEmpty, connection.descriptor)
    }

    /// Closes the connections on which nobody we know has spoken in time.
    package func sweep(at now: MonotonicTime) {
        for connection in Array(connections.values)
        where !connection.isTrusted && now.milliseconds(since: connection.since) > Self.patienceMS {
            close(connection.id)
        }
    }

    package func close(_ id: UInt64) {
        guard let connection = connections.removeValue(forKey: id) else { return }
        loop.remove(connection.descriptor)
        let host = connection.address.host
        connectionsByAddress[host] = connectionsByAddress[host].flatMap { $0 > 1 ? $0 - 1 : nil }
    }
}
