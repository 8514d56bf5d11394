import CNet
private import Glibc
package import Wire

/// A bound UDP socket that never waits, and moves many datagrams with one call. For one thread.
package final class UDPPort {
    /// What became of datagrams that were to be sent.
    package struct Counts: Sendable {
        package var datagrams: UInt64 = 0
        package var bytes: UInt64 = 0
        /// The kernel had no room, or there is no way to that address.
        package var dropped: UInt64 = 0

        package init() {}
    }

    /// Longer ones are nobody's we know.
    private static let datagramCapacity = 2_048
    /// Together 2 ms, for a batch: an interface sends on meanwhile, and what is read has time.
    private static let retriesOfFullSocket = 8
    private static let retryNanoseconds: Int64 = 250_000

    package let descriptor: Int32
    /// Where it listens, with the port that it really has.
    package let address: SocketAddress
    /// It speaks IPv4 and IPv6.
    package let isDual: Bool
    /// It is allowed to have the kernel cut messages into datagrams.
    private let maySegment: Bool
    private var uncut = UncutDestinations()
    /// Pieces of one message, for those who take it only in single datagrams.
    private let pieces: UnsafeMutablePointer<cnet_outgoing>
    /// How often a full socket is tried again, of one batch; none once it has stayed full that long, until one was taken
    /// whole.
    private var retries = retriesOfFullSocket
    private let received: UnsafeMutablePointer<cnet_received>
    private let buffers: UnsafeMutableRawPointer

    /// A wildcard address listens on IPv6, too, where the machine has it.
    package init(binding address: SocketAddress, bufferBytes: Int32 = 8 << 20, segments: Bool = true) throws(NetFailure)
    {
        if address.isWildcard, let bound = try? Self.bind(address, AF_INET6) {
            (descriptor, self.address) = bound
            isDual = true
        } else {
            (descriptor, self.address) = try Self.bind(address, address.isIPv4 ? AF_INET : AF_INET6)
            isDual = false
        }
        maySegment = segments
        cnet_set_buffers(descriptor, bufferBytes)
        cnet_allow_fragments(descriptor)
        pieces = .allocate(capacity: DatagramBatch.maximumSegments)
        pieces.initialize(repeating: cnet_outgoing(), count: DatagramBatch.maximumSegments)
        let count = Int(cnet_batch)
        received = .allocate(capacity: count)
        buffers = .allocate(byteCount: count * Self.datagramCapacity, alignment: 64)
        for number in 0..<count {
            received.advanced(by: number).initialize(to: cnet_received())
            received[number].buffer = buffers + number * Self.datagramCapacity
            received[number].capacity = UInt32(Self.datagramCapacity)
        }
    }

    deinit {
        close(descriptor)
        received.deallocate()
        pieces.deallocate()
        buffers.deallocate()
    }

    /// The kernel cuts messages into datagrams, if not for every destination; false while it has refused to for several.
    package var segments: Bool { maySegment && !uncut.isEverybody }

    private static func bind(
        _ address: SocketAddress, _ family: Int32
    ) throws(NetFailure) -> (descriptor: Int32, address: SocketAddress) {
        let descriptor = socket(family, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw NetFailure(reason: String(cString: strerror(errno))) }
        var no: Int32 = 0
        if family == AF_INET6 {
            setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &no, socklen_t(MemoryLayout<Int32>.size))
        }
        guard SocketCalls.bind(descriptor, address, family: family),
            let bound = SocketCalls.localAddress(of: descriptor)
        else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw NetFailure(reason: "can't listen on UDP port \(address.port): \(reason)")
        }
        return (descriptor, bound)
    }

    /// Takes what has come, up to 64 datagrams, and says how many. What can't be answered is no peer's.
    package func receive(_ body: (UnsafeMutableRawBufferPointer, SocketAddress) -> Void) -> Int {
        let count = Int(cnet_receive(descriptor, received, Int32(cnet_batch)))
        for number in 0..<count {
            guard received[number].is_truncated == 0, let source = SocketAddress(received[number].address),
                source.isSendable
            else { continue }
            body(
                UnsafeMutableRawBufferPointer(start: received[number].buffer, count: Int(received[number].length)),
                source)
        }
        return count
    }

    /// Sends what the batch has, and empties it. What the kernel has no room for is dropped and counted.
    package func send(_ batch: inout DatagramBatch) -> Counts {
        var counts = Counts()
        batch.withMessages { messages, count in send(messages, count, &counts) }
        if counts.dropped == 0 { retries = Self.retriesOfFullSocket }
        batch.reset()
        return counts
    }

    private func send(_ messages: UnsafeMutablePointer<cnet_outgoing>, _ count: Int, _ counts: inout Counts) {
        var now = MonotonicTime(nanoseconds: 0)
        if !uncut.isEmpty {
            now = MonotonicClock.now()
            uncut.forgetOld(at: now)
        }
        var done = 0
        while done < count {
            let whole = wholeRun(messages + done, count - done, at: now)
            guard whole > 0 else {
                _ = sendPieces(of: messages[done], &counts)
                done += 1
                continue
            }
            let sent = sendPatiently(messages + done, whole)
            for number in done..<done + max(0, sent) { counts.add(messages[number]) }
            if sent > 0 {
                if uncut.isDoubted, (done..<done + sent).contains(where: { messages[$0].isSegmented }) {
                    uncut.clearDoubt()
                }
                done += sent
                continue
            }
            switch -Int32(sent) {
            case EAGAIN, ENOBUFS:
                for number in done..<count { counts.drop(messages[number]) }
                return
            case EIO, EINVAL, EMSGSIZE, EOPNOTSUPP:
                guard messages[done].isSegmented else { fallthrough }
                if sendPieces(of: messages[done], &counts) {
                    now = MonotonicClock.now()
                    uncut.insert(messages[done].address, at: now)
                }
            default: counts.drop(messages[done])  // this address can't be reached: the others can
            }
            done += 1
        }
    }

    /// How many of the first messages may be given to the kernel as they are.
    private func wholeRun(
        _ messages: UnsafeMutablePointer<cnet_outgoing>, _ count: Int, at now: MonotonicTime
    ) -> Int {
        guard !maySegment || !uncut.isEmpty else { return count }
        return (0..<count).first {
            messages[$0].isSegmented && (!maySegment || uncut.contains(messages[$0].address, at: now))
        } ?? count
    }

    /// As `cnet_send`, but a full socket is given a moment: an interface that is behind takes the rest when it has sent
    /// something.
    private func sendPatiently(_ messages: UnsafeMutablePointer<cnet_outgoing>, _ count: Int) -> Int {
        while true {
            let sent = Int(cnet_send(descriptor, messages, Int32(count)))
            switch sent {
            case -Int(EINTR): continue
            case -Int(EAGAIN) where retries > 0, -Int(ENOBUFS) where retries > 0:
                retries -= 1
                cnet_wait_writable(descriptor, Self.retryNanoseconds)
            default: return sent
            }
        }
    }

    /// Sends a message as single datagrams. Whether any was taken.
    private func sendPieces(of message: cnet_outgoing, _ counts: inout Counts) -> Bool {
        let count = Int(message.pieces)
        for number in 0..<count {
            let start = UInt32(number) * UInt32(message.segment)
            pieces[number] = message
            pieces[number].data = message.data + Int(start)
            pieces[number].bytes = min(UInt32(message.segment), message.bytes - start)
        }
        var done = 0
        var isTaken = false
        while done < count {
            let sent = sendPatiently(pieces + done, count - done)
            isTaken = isTaken || sent > 0
            for number in done..<done + max(0, sent) { counts.add(pieces[number]) }
            done += max(0, sent)
            guard sent <= 0 else { continue }
            let isFull = sent == -Int(EAGAIN) || sent == -Int(ENOBUFS)
            let refused = isFull ? count - done : 1
            for number in done..<done + refused { counts.drop(pieces[number]) }
            done += refused
        }
        return isTaken
    }

    /// Sends one datagram. False when it was not taken.
    @discardableResult
    package func send(_ datagram: [UInt8], to address: SocketAddress) -> Bool {
        guard address.isSendable else { return false }
        return datagram.withUnsafeBytes { bytes in
            var message = cnet_outgoing()
            message.data = bytes.baseAddress
            message.bytes = UInt32(bytes.count)
            message.segment = UInt16(clamping: bytes.count)
            message.address_length = address.write(to: &message.address, mapped: isDual)
            return sendPatiently(&message, 1) == 1
        }
    }
}

extension UDPPort.Counts {
    package static func += (left: inout Self, right: Self) {
        left.datagrams += right.datagrams
        left.bytes += right.bytes
        left.dropped += right.dropped
    }

    fileprivate mutating func add(_ message: cnet_outgoing) {
        datagrams += UInt64(message.pieces)
        bytes += UInt64(message.bytes)
    }

    fileprivate mutating func drop(_ message: cnet_outgoing) { dropped += UInt64(message.pieces) }
}

extension cnet_outgoing {
    /// The kernel is to cut it.
    fileprivate var isSegmented: Bool { bytes > segment }

    fileprivate var pieces: UInt32 { segment == 0 ? 1 : (bytes + UInt32(segment) - 1) / UInt32(segment) }
}
