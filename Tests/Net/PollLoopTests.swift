import Synchronization
import Testing
import Wire

@testable import Net

@Suite("The poll loop")
struct PollLoopTests {
    private actor Counter {
        nonisolated let loop: PollLoop
        nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
        private(set) var value = 0

        init(_ loop: PollLoop) { self.loop = loop }

        func add() {
            loop.checkIsolated()
            value += 1
        }
    }

    @Test("runs an actor's jobs, from wherever they come")
    func jobs() async {
        let loop = PollLoop(name: "test")
        loop.start { _ in nil }
        let counter = Counter(loop)
        await withTaskGroup { group in
            for _ in 0..<1_000 { group.addTask { await counter.add() } }
        }
        #expect(await counter.value == 1_000)
        loop.stop()
    }

    @Test("wakes when its owner wanted to be called")
    func timers() async {
        let loop = PollLoop(name: "test")
        let begun = MonotonicClock.now()
        let times: [MonotonicTime] = await withCheckedContinuation { continuation in
            let calls = Mutex<[MonotonicTime]>([])
            loop.start { now in
                let all = calls.withLock { calls in
                    calls.append(now)
                    return calls
                }
                if all.count == 5 { continuation.resume(returning: all) }
                return all.count < 5 ? now.advanced(byMilliseconds: 3) : nil
            }
            Task { await Counter(loop).add() }
        }
        loop.stop()
        #expect(times.count == 5)
        for (earlier, later) in zip(times, times.dropFirst()) {
            #expect(later.nanoseconds - earlier.nanoseconds >= 3_000_000)
        }
        #expect(times[0] >= begun)
    }

    @Test("calls who waits for a descriptor")
    func descriptors() async throws {
        let loop = PollLoop(name: "test")
        let port = try UDPPort(binding: #require(SocketAddress("127.0.0.1", port: 0)))
        let address = port.address
        await withCheckedContinuation { continuation in
            let isDone = Mutex(false)
            loop.add(port.descriptor) { isReadable, _ in
                let isFirst = isDone.withLock { done in
                    defer { done = true }
                    return !done
                }
                if isReadable, isFirst { continuation.resume() }
            }
            loop.start { _ in nil }
            port.send([1], to: address)
        }
        loop.stop()
    }
}
