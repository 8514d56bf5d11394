import TestSupport
import Testing
import Wire

@testable import Net

@Suite("A UDP port")
struct UDPPortTests {
    private func loopback(_ text: String = "127.0.0.1") throws -> SocketAddress {
        try #require(SocketAddress(text, port: 0))
    }

    /// What has come, with a deadline of five seconds.
    private func receive(_ count: Int, on port: UDPPort) -> [[UInt8]] {
        var datagrams: [[UInt8]] = []
        let deadline = MonotonicClock.now().advanced(byMilliseconds: 5_000)
        while datagrams.count < count, MonotonicClock.now() < deadline {
            _ = port.receive { bytes, _ in datagrams.append(Array(bytes)) }
        }
        return datagrams
    }

    @Test(
        "sends messages as equal segments with a shorter last one, with the kernel's help and without",
        arguments: [true, false])
    func segments(allowed: Bool) throws {
        let receiver = try UDPPort(binding: loopback())
        let sender = try UDPPort(binding: loopback(), segments: allowed)
        var generator = SeededGenerator(seed: 21)
        var batch = DatagramBatch(arenaBytes: 64 << 10, messages: 16, mapped: sender.isDual)
        var sent: [[UInt8]] = []
        for _ in 0..<10 {
            let (segment, count) = (
                Int.random(in: 100...1_200, using: &generator), Int.random(in: 1...4, using: &generator)
            )
            let bytes = generator.bytes(segment * (count - 1) + Int.random(in: 1...segment, using: &generator))
            guard let room = batch.room(bytes.count) else {
                Issue.record("no room")
                return
            }
            room.copyBytes(from: bytes)
            batch.append(bytes.count, to: receiver.address, segmentBytes: segment)
            sent += stride(from: 0, to: bytes.count, by: segment).map {
                Array(bytes[$0..<min(bytes.count, $0 + segment)])
            }
        }
        var listed: [[UInt8]] = []
        batch.forEachDatagram { datagram, address in
            listed.append(Array(datagram))
            #expect(address == receiver.address)
        }
        #expect(listed == sent)
        let counts = sender.send(&batch)
        #expect(counts.datagrams == UInt64(sent.count) && counts.dropped == 0 && batch.count == 0)
        #expect(receive(sent.count, on: receiver) == sent)
    }

    @Test("speaks IPv4 and IPv6 when it listens on all addresses")
    func bothFamilies() throws {
        let any = try UDPPort(binding: loopback("0.0.0.0"))
        for host in any.isDual ? ["127.0.0.1", "::1"] : ["127.0.0.1"] {
            let peer = try UDPPort(binding: loopback(host))
            let target = try #require(SocketAddress(host, port: any.address.port))
            #expect(peer.send([1, 2, 3], to: target))
            var source: SocketAddress?
            let deadline = MonotonicClock.now().advanced(byMilliseconds: 5_000)
            while source == nil, MonotonicClock.now() < deadline { _ = any.receive { source = $1 } }
            #expect(source == peer.address)
            #expect(any.send([4], to: peer.address))
            #expect(receive(1, on: peer) == [[4]])
        }
    }

    @Test("goes on behind an address that can't be reached")
    func unreachable() throws {
        let receiver = try UDPPort(binding: loopback())
        let sender = try UDPPort(binding: loopback())
        var batch = DatagramBatch(arenaBytes: 4_096, messages: 8, mapped: sender.isDual)
        for target in [try #require(SocketAddress("192.0.2.1", port: 9)), receiver.address] {
            guard let room = batch.room(10) else {
                Issue.record("no room")
                return
            }
            room.copyBytes(from: [UInt8](repeating: 1, count: 10))
            batch.append(10, to: target, segmentBytes: 10)
        }
        let isFull = batch.room(10_000) == nil
        #expect(isFull)
        #expect(sender.send(&batch).dropped <= 1)
        #expect(receive(1, on: receiver).count == 1)
    }

    @Test("says why it can't have its port")
    func taken() throws {
        let first = try UDPPort(binding: loopback())
        #expect(throws: NetFailure.self) { try UDPPort(binding: first.address) }
    }
}
