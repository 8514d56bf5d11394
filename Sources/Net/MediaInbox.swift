import CNet
private import Glibc
package import Wire

/// Memory that the media sockets of one thread receive into, and what is in it after a call. Fixed at start.
package final class MediaInbox {
    /// A datagram that came, as far as it was copied.
    package struct Arrival {
        package let bytes: UnsafeMutableRawBufferPointer
        /// The whole datagram's, which may be more.
        package let byteCount: Int
        /// When the kernel had it, in nanoseconds of the clock on the wall; 0 when the socket doesn't say.
        package let wallTime: Int64
        /// Where it came from, when that was asked for.
        package let source: SocketAddress?
    }

    /// How many messages one call takes at most.
    package let slots: Int
    let inbox: OpaquePointer

    /// `joined`: several datagrams of one sender may come as one (UDP_GRO), which needs much larger slots.
    package init(joined: Bool) throws(NetFailure) {
        slots = joined ? 8 : 32
        guard let inbox = cnet_inbox_make(Int32(slots), joined ? 65_536 : 2_048) else {
            throw NetFailure(reason: "out of memory")
        }
        self.inbox = inbox
    }

    deinit { cnet_inbox_free(inbox) }

    /// Takes what a socket has, up to the number of slots, and gives each datagram to `body`. Of each no more than
    /// `bytes` are copied. How many messages came.
    package func receive(
        from socket: MediaSocket, capturing bytes: Int, withSource: Bool, _ body: (borrowing Arrival) -> Void
    ) -> Int {
        let count = Int(cnet_inbox_receive(inbox, socket.descriptor, Int32(bytes), withSource ? 1 : 0))
        let arrivals = cnet_inbox_arrivals(inbox)
        for number in 0..<count {
            guard let arrival = arrivals?[number] else { continue }
            let source = withSource ? arrival.address.flatMap { SocketAddress($0.pointee) } : nil
            deliver(arrival, source, body)
        }
        return count
    }

    private func deliver(_ arrival: cnet_arrival, _ source: SocketAddress?, _ body: (borrowing Arrival) -> Void) {
        let (captured, length) = (Int(arrival.captured), Int(arrival.length))
        guard arrival.segment > 0 else {
            let bytes = UnsafeMutableRawBufferPointer(start: arrival.bytes, count: captured)
            return body(Arrival(bytes: bytes, byteCount: length, wallTime: arrival.time, source: source))
        }
        var offset = 0
        while offset < captured {
            let count = min(Int(arrival.segment), captured - offset)
            let bytes = UnsafeMutableRawBufferPointer(start: arrival.bytes + offset, count: count)
            body(Arrival(bytes: bytes, byteCount: count, wallTime: arrival.time, source: source))
            offset += count
        }
    }
}
