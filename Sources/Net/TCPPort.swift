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
        var decoder = FrameDecoder()
        var backlog = StreamBacklog()
        /// When the kernel's own buffer was last fitted to what the connection carries.
        var lastFit = MonotonicTime(nanoseconds: 0)
        /// It takes less than it is sent: since it was told so until nothing waits.
        var isCongested = false
        /// What waits is late already: media is dropped until nothing waits.
        var isLate = false

        init(id: UInt64, descriptor: Int32, address: SocketAddress) {
            self.id = id
            self.descriptor = descriptor
            self.address = address
        }

        deinit { Glibc.close(descriptor) }
    }

    private static let maximumConnections = 4_096
    /// Of one address, or one /64 in IPv6.
    private static let maximumConnectionsPerNetwork = 256
    private static let readBytes = 16 << 10
    private static let pauseMS: Int64 = 1_000
    /// So much of a picture may wait in the kernel.
    private static let kernelQueueMS: Int32 = 120
    private static let fitIntervalMS: Int64 = 50

    package let descriptor: Int32
    /// The number that it really has.
    package let number: UInt16
    private let loop: PollLoop
    private var connections: [UInt64: Connection] = [:]
    private var connectionsByNetwork: [SocketAddress: Int] = [:]
    private var unproven = UnprovenConnections()
    private let timer = cnet_timer()
    /// Nobody is let in for a moment: the process has no descriptor left.
    private var isPaused = false
    private var nextID: UInt64 = 1
    private let patienceMS: Int64
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: readBytes, alignment: 16)
    private let onFrame: (_ frame: [UInt8], _ connection: UInt64, _ source: SocketAddress) -> Void
    /// Called on the loop's thread when a connection begins to take less than it is sent, and when nothing waits any
    /// more: between, a viewer is best served nothing but sound, and then from a key frame on.
    package var onBacklog: ((_ connection: UInt64, _ isCongested: Bool) -> Void)?
    package private(set) var droppedFrames: UInt64 = 0

    /// Listens on both families where the machine has IPv6; on a free port for 0. A connection may be open for `patienceMS`
    /// without a good check. `onFrame` is called on the loop's thread.
    package init(
        port: UInt16, loop: PollLoop, patienceMS: Int64 = 8_000,
        onFrame: @escaping ([UInt8], UInt64, SocketAddress) -> Void
    ) throws(NetFailure) {
        guard let any = SocketAddress(bytes: [0, 0, 0, 0], port: port),
            let descriptor = Self.listen(any, AF_INET6) ?? Self.listen(any, AF_INET)
        else { throw NetFailure(reason: "can't listen on TCP port \(port): \(String(cString: strerror(errno)))") }
        self.descriptor = descriptor
        number = SocketCalls.localAddress(of: descriptor)?.port ?? port
        self.loop = loop
        self.patienceMS = patienceMS
        self.onFrame = onFrame
        loop.add(descriptor) { [unowned self] _, _ in accept() }
        loop.add(timer) { [unowned self] _, _ in timerFired() }
    }

    deinit {
        Glibc.close(descriptor)
        Glibc.close(timer)
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
            guard let (accepted, address) = SocketCalls.accept(descriptor) else {
                guard [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errno) else { return }
                guard let oldest = unproven.oldest else { return pause() }
                close(oldest)
                continue
            }
            guard makeRoom(for: address.network) else {
                Glibc.close(accepted)
                continue
            }
            admit(Connection(id: nextID, descriptor: accepted, address: address))
            nextID += 1
        }
    }

    /// Lets the oldest unproven go where there are too many; who has proven himself stays. False when all have.
    private func makeRoom(for network: SocketAddress) -> Bool {
        if let surplus = unproven.surplus(for: network) { close(surplus) }
        if connectionsByNetwork[network, default: 0] >= Self.maximumConnectionsPerNetwork {
            guard let oldest = unproven.oldest(of: network) else { return false }
            close(oldest)
        }
        if connections.count >= Self.maximumConnections {
            guard let oldest = unproven.oldest else { return false }
            close(oldest)
        }
        return true
    }

    private func admit(_ connection: Connection) {
        let network = connection.address.network
        connections[connection.id] = connection
        connectionsByNetwork[network, default: 0] += 1
        let isFirst = unproven.oldest == nil
        unproven.insert(
            connection.id, of: network, until: MonotonicClock.now().advanced(byMilliseconds: patienceMS))
        if isFirst { setTimer() }
        loop.add(connection.descriptor) { [unowned self, id = connection.id] isReadable, isWritable in
            if isWritable { flush(id) }
            if isReadable { read(id) }
        }
    }

    /// A listener that can't accept would have the loop go round for ever.
    private func pause() {
        loop.remove(descriptor)
        isPaused = true
        cnet_timer_set(timer, Self.pauseMS * 1_000_000)
    }

    private func timerFired() {
        cnet_timer_drain(timer)
        if isPaused {
            isPaused = false
            loop.add(descriptor) { [unowned self] _, _ in accept() }
        }
        sweep(at: MonotonicClock.now())
        setTimer()
    }

    /// It rings for the oldest, also where nothing else happens.
    private func setTimer() {
        let wait = unproven.nextDeadline.map { $0.nanoseconds - MonotonicClock.now().nanoseconds }
        cnet_timer_set(timer, wait.map { max(1, $0) } ?? 0)
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
    package func trust(_ id: UInt64) { unproven.remove(id) }

    /// Whether it takes less than it is sent, so that what is added comes late.
    package func isCongested(_ id: UInt64) -> Bool { connections[id]?.isCongested ?? false }

    /// Sends a packet as a frame. Media whose place in the queue would be late is dropped, whole.
    package func send(_ packet: [UInt8], to id: UInt64) {
        guard let connection = connections[id], let frame = FrameDecoder.frame(packet) else { return }
        guard !connection.backlog.isEmpty else {
            guard let sent = write(frame, to: connection) else { return close(id) }
            guard sent < frame.count else { return }
            connection.backlog.append(frame[sent...], at: MonotonicClock.now())
            return loop.setWantsWriting(true, connection.descriptor)
        }
        let now = MonotonicClock.now()
        fitBuffer(of: connection, at: now)
        noteDelay(of: connection, at: now)
        let isFull = connection.backlog.count + frame.count > StreamBacklog.capacity
        guard !isFull, !connection.isLate || !Self.isMedia(packet) else {
            connection.isLate = true
            droppedFrames += 1
            return setCongested(connection, true)
        }
        connection.backlog.append(frame[...], at: now)
    }

    /// RTP, as RFC 7983 and RFC 5761, section 4, tell it from the rest, which is short and can't be missing.
    private static func isMedia(_ packet: [UInt8]) -> Bool {
        packet.count > 1 && 128..<192 ~= packet[0] && !(192..<224 ~= packet[1])
    }

    private func noteDelay(of connection: Connection, at now: MonotonicTime) {
        let delay = connection.backlog.delayMS(at: now)
        if delay > StreamBacklog.lateMS { connection.isLate = true }
        if delay > StreamBacklog.slowMS { setCongested(connection, true) }
    }

    private func setCongested(_ connection: Connection, _ isCongested: Bool) {
        guard connection.isCongested != isCongested else { return }
        connection.isCongested = isCongested
        onBacklog?(connection.id, isCongested)
    }

    private func flush(_ id: UInt64) {
        guard let connection = connections[id], !connection.backlog.isEmpty else { return }
        var isBroken = false
        let now = MonotonicClock.now()
        fitBuffer(of: connection, at: now)
        connection.backlog.drain(at: now) { bytes in
            guard let sent = write(bytes, to: connection) else {
                isBroken = true
                return 0
            }
            return sent
        }
        if isBroken { return close(id) }
        guard connection.backlog.isEmpty else { return }
        loop.setWantsWriting(false, connection.descriptor)
        connection.isLate = false
        setCongested(connection, false)
    }

    /// What the kernel has taken can't be dropped any more, so it gets little: a queue before the wire is a delay.
    private func fitBuffer(of connection: Connection, at now: MonotonicTime) {
        guard now.milliseconds(since: connection.lastFit) >= Self.fitIntervalMS else { return }
        connection.lastFit = now
        cnet_fit_send_buffer(connection.descriptor, Self.kernelQueueMS)
    }

    private func write(_ frame: [UInt8], to connection: Connection) -> Int? {
        frame.withUnsafeBytes { write($0, to: connection) }
    }

    /// How many bytes the kernel has taken; nil when the connection is gone.
    private func write(_ bytes: UnsafeRawBufferPointer, to connection: Connection) -> Int? {
        let sent = Glibc.send(connection.descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        guard sent < 0 else { return sent }
        return errno == EAGAIN || errno == EINTR ? 0 : nil
    }

    /// Closes the connections on which nobody we know has spoken in time. The port does so by itself when it is time.
    package func sweep(at now: MonotonicTime) {
        while let id = unproven.expired(at: now) { close(id) }
    }

    /// To be called, too, when the peer whose connection it was has left.
    package func close(_ id: UInt64) {
        guard let connection = connections.removeValue(forKey: id) else { return }
        unproven.remove(id)
        loop.remove(connection.descriptor)
        let network = connection.address.network
        connectionsByNetwork[network] = connectionsByNetwork[network].flatMap { $0 > 1 ? $0 - 1 : nil }
    }
}
