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

    package let descriptor: Int32
    /// Where it listens, with the port that it really has.
    package let address: SocketAddress
    /// It speaks IPv4 and IPv6.
    package let isDual: Bool
    /// The kernel cuts messages into datagrams; false for good once it has refused to.
    package private(set) var segments: Bool
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
        self.segments = segments
        cnet_set_buffers(descriptor, bufferBytes)
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
        buffers.deallocate()
    }

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

    /// Takes what has come, up to 64 datagrams, and says how many.
    package func receive(_ body: (UnsafeMutableRawBufferPointer, SocketAddress) -> Void) -> Int {
        let count = Int(cnet_receive(descriptor, received, Int32(cnet_batch)))
        for number in 0..<count {
            guard received[number].is_truncated == 0, let source = SocketAddress(received[number].address) else {
                continue
            }
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
        batch.reset()
        return counts
    }

    private func send(_ messages: UnsafeMutablePointer<cnet_outgoing>, _ count: Int, _ counts: inout Counts) {
        var done = 0
        while done < count {
            if !segments, messages[done].bytes > messages[done].segment {
                sendUncut(messages[done], &counts)
                done += 1
                continue
            }
            let sent = Int(cnet_send(descriptor, messages + done, Int32(plainRun(messages + done, count - done))))
            for number in done..<done + max(0, sent) { counts.add(messages[number]) }
            done += max(0, sent)
            guard sent <= 0 else { continue }
            switch -Int32(sent) {
            case EINTR: continue
            case EIO, EINVAL, EOPNOTSUPP:
                if messages[done].bytes > messages[done].segment {
                    segments = false  // this kernel or interface can't
                } else {
                    counts.drop(messages[done])
                    done += 1
                }
            case EAGAIN, ENOBUFS:
                for number in done..<count { counts.drop(messages[number]) }
                return
            default:  // this address can't be reached: the others can
                counts.drop(messages[done])
                done += 1
            }
        }
    }

    /// Without segmentation: the messages that are single datagrams anyway.
    private func plainRun(_ messages: UnsafeMutablePointer<cnet_outgoing>, _ count: Int) -> Int {
        guard !segments else { return count }
        return (0..<count).first { messages[$0].bytes > messages[$0].segment } ?? count
    }

    private func sendUncut(_ message: cnet_outgoing, _ counts: inout Counts) {
        var piece = message
        var rest = message.bytes
        while rest > 0 {
            piece.bytes = min(UInt32(message.segment), rest)
            if cnet_send(descriptor, &piece, 1) == 1 { counts.add(piece) } else { counts.drop(piece) }
            piece.data += Int(piece.bytes)
            rest -= piece.bytes
        }
    }

    /// Sends one datagram. False when it was not taken.
    @discardableResult
    package func send(_ datagram: [UInt8], to address: SocketAddress) -> Bool {
        datagram.withUnsafeBytes { bytes in
            var message = cnet_outgoing()
            message.data = bytes.baseAddress
            message.bytes = UInt32(bytes.count)
            message.segment = UInt16(clamping: bytes.count)
            message.address_length = address.write(to: &message.address, mapped: isDual)
            return cnet_send(descriptor, &message, 1) == 1
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
    fileprivate var pieces: UInt32 { segment == 0 ? 1 : (bytes + UInt32(segment) - 1) / UInt32(segment) }
}
