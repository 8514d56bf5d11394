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
}
