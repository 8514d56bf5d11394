import Glibc
import Synchronization
import TestSupport
import Testing
import Wire

@testable import Net

@Suite("Frames over TCP")
struct TCPPortTests {
    @Test("come out as they went in, however the stream is cut", arguments: 0..<20)
    func decoder(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let packets = (0..<50).map { _ in generator.bytes(Int.random(in: 0...600, using: &generator)) }
        var stream = packets.flatMap { FrameDecoder.frame($0) ?? [] }[...]
        var decoder = FrameDecoder()
        var decoded: [[UInt8]] = []
        while !stream.isEmpty {
            let piece = Array(stream.prefix(Int.random(in: 1...900, using: &generator)))
            stream = stream.dropFirst(piece.count)
            try piece.withUnsafeBytes { bytes in try decoder.receive(bytes) { decoded.append($0) } }
        }
        #expect(decoded == packets)
    }

    @Test("are refused when they are too long")
    func tooLong() {
        var decoder = FrameDecoder()
        #expect(throws: FrameDecoder.Failure.frameTooLong(0xFFFF)) {
            try ([0xFF, 0xFF, 1] as [UInt8]).withUnsafeBytes { bytes in try decoder.receive(bytes) { _ in } }
        }
        #expect(FrameDecoder.frame([UInt8](repeating: 0, count: 70_000)) == nil)
    }

    /// A connected socket with a receive timeout, closed by the test.
    private func connect(to port: UInt16) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let address = try #require(SocketAddress("127.0.0.1", port: port))
        let status = address.withSockaddr { storage, length in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, length) }
        }
        try #require(status == 0)
        return descriptor
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32) { _ = Glibc.write(descriptor, bytes, bytes.count) }

    private func read(_ count: Int, from descriptor: Int32) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let received = recv(descriptor, &bytes, count, Int32(MSG_WAITALL))
        return Array(bytes.prefix(max(0, received)))
    }

    @Test("are answered on their connection; who sends too much at once, or nothing we know, is let go")
    func echo() throws {
        let loop = PollLoop(name: "test")
        nonisolated(unsafe) var port: TCPPort?  // set before the loop starts
        port = try TCPPort(port: 0, loop: loop) { frame, id, _ in port?.send(frame.reversed(), to: id) }
        let number = try #require(port?.number)
        let sweeps = Atomic(false)
        loop.start { now in
            if sweeps.load(ordering: .relaxed) { port?.sweep(at: now.advanced(byMilliseconds: 60_000)) }
            return now.advanced(byMilliseconds: 5)
        }
        defer { loop.stop() }

        let peer = try connect(to: number)
        write([0, 3, 1, 2, 3, 0, 1], to: peer)
        #expect(read(5, from: peer) == [0, 3, 3, 2, 1])
        write([9], to: peer)
        #expect(read(3, from: peer) == [0, 1, 9])

        let rude = try connect(to: number)
        write([0xFF, 0xFF, 1], to: rude)
        #expect(read(1, from: rude).isEmpty)
        sweeps.store(true, ordering: .relaxed)
        #expect(read(1, from: peer).isEmpty)
        for descriptor in [peer, rude] { close(descriptor) }
    }

    @Test("end by themselves when nobody we know has spoken in time, on a server that has nothing else to do")
    func deadline() throws {
        let loop = PollLoop(name: "test")
        let port = try TCPPort(port: 0, loop: loop, patienceMS: 100) { _, _, _ in }
        loop.start { _ in nil }
        defer { loop.stop() }
        for _ in 0..<2 {
            let peers = try (0..<3).map { _ in try connect(to: port.number) }
            write([0, 3, 1], to: peers[1])
            for peer in peers {
                var byte: UInt8 = 0
                let count = recv(peer, &byte, 1, 0)
                #expect(count == 0)
                close(peer)
            }
        }
    }

    @Test("that are trusted outlast any number of others of their address; of those the oldest goes first")
    func crowd() throws {
        let loop = PollLoop(name: "test")
        nonisolated(unsafe) var port: TCPPort?  // set before the loop starts
        port = try TCPPort(port: 0, loop: loop) { frame, id, _ in
            port?.trust(id)
            port?.send(frame, to: id)
        }
        let number = try #require(port?.number)
        loop.start { _ in nil }
        defer { loop.stop() }
        let peer = try connect(to: number)
        write([0, 1, 7], to: peer)
        #expect(read(3, from: peer) == [0, 1, 7])
        let others = try (0..<UnprovenConnections.capacityPerNetwork + 10).map { _ in try connect(to: number) }
        for other in others.prefix(10) { #expect(read(1, from: other).isEmpty) }
        for other in [peer, others[10], try #require(others.last)] {
            write([0, 1, 8], to: other)
            #expect(read(3, from: other) == [0, 1, 8])
        }
        for descriptor in others + [peer] { close(descriptor) }
    }

    @Test("are dropped whole where the other side reads too slowly, and that is said, and its end")
    func slow() throws {
        let loop = PollLoop(name: "test")
        nonisolated(unsafe) var port: TCPPort?  // the loop's, as what follows, once it runs
        nonisolated(unsafe) var target: UInt64 = 0
        nonisolated(unsafe) var sent: UInt32 = 0
        let events = Atomic(0)
        let isPumping = Atomic(false)
        port = try TCPPort(port: 0, loop: loop) { _, id, _ in
            target = id
            port?.trust(id)
            isPumping.store(true, ordering: .relaxed)
        }
        port?.onBacklog = { id, isCongested in
            guard id == target, port?.isCongested(id) == isCongested else { return }
            events.wrappingAdd(isCongested ? 1 : 100, ordering: .relaxed)
        }
        let number = try #require(port?.number)
        loop.start { now in
            guard isPumping.load(ordering: .relaxed) else { return now.advanced(byMilliseconds: 5) }
            for _ in 0..<4 {
                let count = withUnsafeBytes(of: sent.bigEndian, Array.init)
                port?.send([0x80, 96] + count + [UInt8](repeating: 5, count: 1_200), to: target)
                sent += 1
            }
            guard port?.isCongested(target) == true, (port?.droppedFrames ?? 0) > 100 else {
                return now.advanced(byMilliseconds: 1)
            }
            isPumping.store(false, ordering: .relaxed)
            port?.send([0x81, 200, 1, 2], to: target)  // a report: it is heard
            return now.advanced(byMilliseconds: 5)
        }
        defer { loop.stop() }
        let peer = try connect(to: number)
        defer { close(peer) }
        write([0, 1, 7], to: peer)
        let limit = MonotonicClock.now().advanced(byMilliseconds: 5_000)
        while events.load(ordering: .relaxed) == 0 || isPumping.load(ordering: .relaxed), MonotonicClock.now() < limit {
            sched_yield()
        }
        var numbers: [UInt32] = []
        while true {
            let header = read(2, from: peer)
            guard header.count == 2 else { break }
            let frame = read(Int(header[0]) << 8 | Int(header[1]), from: peer)
            guard frame.count == 1_206 else {
                #expect(frame == [0x81, 200, 1, 2])
                break
            }
            numbers.append(frame[2..<6].reduce(0) { $0 << 8 | UInt32($1) })
        }
        #expect(numbers == (0..<UInt32(numbers.count)).map { $0 }, "nothing is missing before what is late")
        while events.load(ordering: .relaxed) < 101, MonotonicClock.now() < limit { sched_yield() }
        let found = events.load(ordering: .relaxed)
        #expect(found == 101)
    }

    @Test(
        "don't queue for seconds where the network takes a third of them, when the sender skips to the next key frame",
        .enabled(if: NetworkNamespace.isAvailable))
    func slowNetwork() throws {
        let shaped = ["ip link set lo mtu 1500 up", "tc qdisc add dev lo root tbf rate 700kbit burst 4k limit 200k"]
        let found = try NetworkNamespace.run(shaped) { () -> (latest: Int64, frames: Int) in
            let loop = PollLoop(name: "test")
            nonisolated(unsafe) var port: TCPPort?  // the loop's, as what follows, once it runs
            nonisolated(unsafe) var (target, skips, number): (UInt64, Bool, Int) = (0, false, 0)
            nonisolated(unsafe) var begin = MonotonicTime(nanoseconds: 0)
            port = try TCPPort(port: 0, loop: loop) { _, id, _ in
                target = id
                port?.trust(id)
                begin = MonotonicClock.now()
            }
            nonisolated(unsafe) var wantsKeyFrame = true
            port?.onBacklog = { _, isCongested in
                skips = isCongested
                wantsKeyFrame = true
            }
            loop.start { now in
                guard target != 0 else { return now.advanced(byMilliseconds: 5) }
                // 2.5 Mbit/s for three seconds, 25 frames a second of 12.5 KB, key frames of 30 KB.
                while number < 75, now.milliseconds(since: begin) >= Int64(number) * 40 {
                    number += 1
                    if skips { continue }
                    let packets = wantsKeyFrame ? 25 : 10
                    wantsKeyFrame = false
                    let stamp = withUnsafeBytes(of: now.nanoseconds.bigEndian, Array.init)
                    let packet = [0x80, 96] + stamp + [UInt8](repeating: 5, count: 1_200)
                    for _ in 0..<packets { port?.send(packet, to: target) }
                }
                if number == 75 {
                    number += 1
                    port?.send([0x81, 200, 1, 2], to: target)
                }
                return now.advanced(byMilliseconds: 5)
            }
            defer { loop.stop() }
            let peer = try connect(to: #require(port?.number))
            defer { close(peer) }
            write([0, 1, 7], to: peer)
            var (latest, frames): (Int64, Int) = (0, 0)
            while true {
                let header = read(2, from: peer)
                guard header.count == 2 else { break }
                let frame = read(Int(header[0]) << 8 | Int(header[1]), from: peer)
                guard frame.count == 1_210 else { break }
                frames += 1
                let stamp = frame[2..<10].reduce(Int64(0)) { $0 << 8 | Int64($1) }
                latest = max(latest, MonotonicClock.now().milliseconds(since: MonotonicTime(nanoseconds: stamp)))
            }
            return (latest, frames)
        }
        print("by TCP at 700 kbit/s: \(found.frames) packets, at most \(found.latest) ms late")
        #expect(found.latest < 2_000, "about a second, and more while the machine is busy")
        #expect(found.frames > 120)
    }
}

@Suite("A connection's backlog")
struct StreamBacklogTests {
    @Test("is known to be late before it is a second, and not when it is a burst that goes out")
    func delay() {
        for (kilobits, isLate) in [(700, true), (3_500, false)] {
            var backlog = StreamBacklog()
            var (now, mayTake, longest) = (MonotonicTime(nanoseconds: 0), 0, 0)
            var isSaid = false
            for millisecond in 0..<2_000 where !isSaid {
                now = now.advanced(byMilliseconds: 1)
                // 2.5 Mbit/s, which begin with a key frame of 100 KB.
                let bytes = millisecond == 0 ? 100_000 : millisecond % 4 == 0 ? 1_250 : 0
                if bytes > 0 { backlog.append([UInt8](repeating: 1, count: bytes)[...], at: now) }
                mayTake += kilobits / 8
                if !backlog.isEmpty {
                    backlog.drain(at: now) { waiting in
                        let taken = min(mayTake, waiting.count)
                        mayTake -= taken
                        return taken
                    }
                } else {
                    mayTake = 0
                }
                longest = max(longest, backlog.count)
                isSaid = backlog.delayMS(at: now) > StreamBacklog.slowMS
            }
            #expect(isSaid == isLate)
        }
    }

    @Test("gives the bytes out that it was given, in whatever pieces they are taken")
    func bytes() {
        var generator = SeededGenerator(seed: 5)
        var backlog = StreamBacklog()
        var (given, taken): ([UInt8], [UInt8]) = ([], [])
        for _ in 0..<2_000 {
            let more = generator.bytes(Int.random(in: 1...300, using: &generator))
            backlog.append(more[...], at: MonotonicTime(nanoseconds: 0))
            given += more
            let wish = Int.random(in: 0...300, using: &generator)
            backlog.drain(at: MonotonicTime(nanoseconds: 0)) { waiting in
                taken += waiting.prefix(wish)
                return min(wish, waiting.count)
            }
            #expect(backlog.count == given.count - taken.count)
        }
        #expect(given.starts(with: taken))
    }
}

@Suite("Connections of nobody we know")
struct UnprovenConnectionsTests {
    private func network(_ number: Int) throws -> SocketAddress {
        try #require(SocketAddress("192.0.2.\(number)", port: 9)).network
    }

    @Test("are kept by age, whoever goes between", arguments: 0..<5)
    func order(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var unproven = UnprovenConnections()
        var model: [(id: UInt64, network: SocketAddress)] = []
        for id in UInt64(1)...600 {
            let network = try network(Int.random(in: 0..<4, using: &generator))
            unproven.insert(id, of: network, until: MonotonicTime(nanoseconds: Int64(id)))
            model.append((id, network))
            if Bool.random(using: &generator), let gone = model.randomElement(using: &generator) {
                unproven.remove(gone.id)
                unproven.remove(gone.id)
                model.removeAll { $0.id == gone.id }
            }
            #expect(unproven.oldest == model.first?.id && unproven.count == model.count)
            #expect(unproven.oldest(of: network) == model.first { $0.network == network }?.id)
            #expect(unproven.nextDeadline?.nanoseconds == model.first.map { Int64($0.id) })
        }
        while let id = unproven.expired(at: MonotonicTime(nanoseconds: 300)) {
            #expect(id == model.removeFirst().id)
            unproven.remove(id)
        }
        #expect((unproven.oldest ?? 0) > 300)
    }

    @Test("make room for their own address first, and else the oldest for all")
    func surplus() throws {
        var unproven = UnprovenConnections()
        var id: UInt64 = 0
        func fill(_ number: Int, _ count: Int) throws {
            for _ in 0..<count {
                id += 1
                unproven.insert(id, of: try network(number), until: MonotonicTime(nanoseconds: 0))
            }
        }
        try fill(1, 2)
        try fill(2, UnprovenConnections.capacityPerNetwork)
        #expect(try unproven.surplus(for: network(2)) == 3)
        #expect(try unproven.surplus(for: network(1)) == nil)
        for number in 3..<18 { try fill(number, UnprovenConnections.capacityPerNetwork) }
        #expect(try unproven.surplus(for: network(99)) == 1)
    }

    @Test("of one line in IPv6 count as one's, and addresses that can't be sent to are known")
    func addresses() throws {
        let one = try #require(SocketAddress("2001:db8:1:2:3::4", port: 5))
        let other = try #require(SocketAddress("2001:db8:1:2:ffff::9", port: 6))
        let far = try #require(SocketAddress("2001:db8:1:3::4", port: 5))
        #expect(one.network == other.network && one.network != far.network)
        for host in ["0.0.0.0", "::", "255.255.255.255", "224.0.0.1", "239.1.2.3", "0.1.2.3", "ff02::1"] {
            #expect(try !#require(SocketAddress(host, port: 9)).isSendable)
        }
        for host in ["127.0.0.1", "223.255.255.255", "::1", "fe80::1", "2001:db8::1"] {
            #expect(try #require(SocketAddress(host, port: 9)).isSendable)
            #expect(try !#require(SocketAddress(host, port: 0)).isSendable)
        }
    }
}
