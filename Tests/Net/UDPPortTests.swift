import Glibc
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

    /// Appends one message of `count` bytes.
    private func append(
        _ count: Int, to address: SocketAddress, segmentBytes: Int, _ batch: inout DatagramBatch
    ) {
        guard let room = batch.room(count) else { return }
        room.copyBytes(from: [UInt8](repeating: 7, count: count))
        batch.append(count, to: address, segmentBytes: segmentBytes)
    }

    @Test("serves who takes no segments by single datagrams, and the others as before")
    func refusedSegments() throws {
        let receiver = try UDPPort(binding: loopback())
        let sender = try UDPPort(binding: loopback())
        var batch = DatagramBatch(arenaBytes: 64 << 10, messages: 16, mapped: sender.isDual)
        for port in UInt16(0)..<8 {  // what a forged check from port 0 led to: nobody can be sent to
            append(3_600, to: receiver.address.with(port: 0), segmentBytes: 1_200, &batch)
            append(3_600, to: try #require(SocketAddress("127.0.0.\(port)", port: 0)), segmentBytes: 1_200, &batch)
        }
        #expect(sender.send(&batch).dropped == 48)
        #expect(sender.segments)
        append(3_600, to: receiver.address, segmentBytes: 1_200, &batch)
        #expect(sender.send(&batch).datagrams == 3)
        #expect(!sender.send([1], to: receiver.address.with(port: 0)))
    }

    @Test(
        "gets through a path whose MTU is under the packets' size, at the cost of nobody else",
        .enabled(if: NetworkNamespace.isAvailable))
    func smallPath() throws {
        let narrow = (1...6).map { "127.9.0.\($0)" }
        let routes = narrow.map { "ip route add local \($0)/32 dev lo table local mtu lock 600" }
        let found = try NetworkNamespace.run(["ip link set lo up"] + routes) {
            let receiver = try UDPPort(binding: #require(SocketAddress("0.0.0.0", port: 0)))
            let sender = try UDPPort(binding: #require(SocketAddress("0.0.0.0", port: 0)))
            var batch = DatagramBatch(arenaBytes: 256 << 10, messages: 64, mapped: sender.isDual)
            let wide = try #require(SocketAddress("127.0.0.1", port: receiver.address.port))
            var counts = UDPPort.Counts()
            for _ in 0..<2 {
                for host in narrow {
                    let address = try #require(SocketAddress(host, port: receiver.address.port))
                    append(3_600, to: address, segmentBytes: 1_200, &batch)
                    append(3_600, to: wide, segmentBytes: 1_200, &batch)
                }
                counts += sender.send(&batch)
            }
            return (counts.dropped, receive(72, on: receiver).map(\.count), sender.segments)
        }
        #expect(found.0 == 0)
        #expect(found.1 == [Int](repeating: 1_200, count: 72))
        #expect(found.2)
    }

    @Test(
        "gives an interface that is behind a moment, not the rest of the batch up",
        .enabled(if: NetworkNamespace.isAvailable))
    func fullSocket() throws {
        func way(_ rate: String) -> [String] {
            [
                "ip link add v0 type veth peer name v1", "ip address add 10.9.0.1/24 dev v0", "ip link set v0 up",
                "ip link set v1 up", "ip neighbour add 10.9.0.2 lladdr 02:00:00:00:00:02 dev v0",
                "tc qdisc add dev v0 root tbf rate \(rate) burst 3k limit 1m",
            ]
        }
        func burst(_ batches: Int) throws -> (counts: UDPPort.Counts, milliseconds: Int64) {
            let sender = try UDPPort(binding: #require(SocketAddress("10.9.0.1", port: 0)), bufferBytes: 8 << 10)
            let peer = try #require(SocketAddress("10.9.0.2", port: 9))
            var batch = DatagramBatch(arenaBytes: 64 << 10, messages: 32, mapped: sender.isDual)
            var counts = UDPPort.Counts()
            let begin = MonotonicClock.now()
            for _ in 0..<batches {
                for _ in 0..<32 { append(1_200, to: peer, segmentBytes: 1_200, &batch) }
                counts += sender.send(&batch)
            }
            return (counts, MonotonicClock.now().milliseconds(since: begin))
        }
        let behind = try NetworkNamespace.run(way("400mbit")) { try burst(4) }
        #expect(behind.counts.datagrams == 128 && behind.counts.dropped == 0)
        let slow = try NetworkNamespace.run(way("10mbit")) { try burst(20) }
        #expect(slow.counts.datagrams > 0 && slow.counts.datagrams + slow.counts.dropped == 640)
        #expect(isInstrumented || slow.milliseconds < 200, "a batch waits no longer for taking little at a time")
        let stuck = try NetworkNamespace.run(way("8kbit")) { try burst(100) }
        #expect(stuck.counts.dropped > 3_000 && stuck.counts.datagrams + stuck.counts.dropped == 3_200)
        #expect(isInstrumented || stuck.milliseconds < 100, "who has waited in vain doesn't wait again")
    }

    /// Under a sanitizer (`scripts/sanitize`) times say nothing.
    private var isInstrumented: Bool { getenv("VITRINE_RELAY_ONLY") != nil }
}

@Suite("Destinations that take no segments")
struct UncutDestinationsTests {
    private func address(_ number: Int) -> sockaddr_in6 {
        var target = sockaddr_in6()
        _ = SocketAddress("192.0.2.\(number)", port: 9)?.write(to: &target, mapped: true)
        return target
    }

    private let start = MonotonicTime(nanoseconds: 1)

    @Test("are each their own matter, until several have refused and nobody took any between")
    func several() {
        var uncut = UncutDestinations()
        for _ in 0..<100 { uncut.insert(address(1), at: start) }
        #expect(!uncut.isEverybody && uncut.contains(address(1), at: start) && !uncut.contains(address(2), at: start))
        for number in 2...3 { uncut.insert(address(number), at: start) }
        uncut.clearDoubt()
        for number in 4...6 { uncut.insert(address(number), at: start) }
        #expect(!uncut.isEverybody)
        uncut.insert(address(7), at: start)
        #expect(uncut.isEverybody && uncut.contains(address(99), at: start))
    }

    @Test("are tried again after a minute, and take no more memory the more they are")
    func expiry() {
        var uncut = UncutDestinations()
        for number in 0..<250 {
            uncut.insert(address(number), at: start)
            if number % 3 == 0 { uncut.clearDoubt() }
        }
        #expect(!uncut.isEmpty)
        uncut.forgetOld(at: start.advanced(byMilliseconds: 60_001))
        #expect(uncut.isEmpty && !uncut.contains(address(249), at: start))
    }
}
