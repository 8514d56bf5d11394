import CLimit
import Foundation

@testable import Wire

/// Who takes the datagrams, of all senders in turn: some sockets on loopback, drained by a thread on the other core.
///
/// Viewers share the sockets. With one for each, a large part of a sender's time would go into waking the receiver once
/// for each viewer, which on a network it doesn't do; all senders have the same, so that the ratio holds either way.
final class Sink {
    static let sockets = 64

    let takesOffload: Bool
    private let sink: OpaquePointer
    private var expected: UInt64 = 0
    private(set) var lost: UInt64 = 0

    init(takesOffload: Bool, core: Int32) throws {
        guard let sink = climit_sink_create(Int32(Self.sockets), takesOffload ? 1 : 0, core) else {
            throw Failure(reason: "can't open \(Self.sockets) sockets on loopback")
        }
        self.takesOffload = takesOffload
        self.sink = sink
    }

    deinit { climit_sink_destroy(sink) }

    func destination(_ viewer: Int) -> sockaddr_in { climit_sink_address(sink, Int32(viewer % Self.sockets)) }

    func address(_ viewer: Int) -> SocketAddress {
        guard let address = SocketAddress("127.0.0.1", port: UInt16(bigEndian: destination(viewer).sin_port)) else {
            preconditionFailure("it is an address")
        }
        return address
    }

    var cpuNanoseconds: UInt64 { climit_sink_cpu_ns(sink) }

    /// Waits until everything has come, so that no sender meets full queues; what is missing after a while is lost.
    func drain(_ datagrams: Int) {
        expected += UInt64(datagrams)
        var seen: UInt64 = 0
        var idle = 0
        while true {
            let count = climit_sink_count(sink)
            if count >= expected { break }
            idle = count == seen ? idle + 1 : 0
            seen = count
            guard idle < 2_000 else { break }
            usleep(100)
        }
        lost += expected - min(expected, climit_sink_count(sink))
        expected = climit_sink_count(sink)
    }
}

/// Why it can't be measured.
struct Failure: Error, CustomStringConvertible {
    let reason: String
    var description: String { reason }
}
