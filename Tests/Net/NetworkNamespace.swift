import Foundation
import Glibc

/// A network of the test's own, with nothing in it: for what the loopback of this machine can't show.
enum NetworkNamespace {
    struct Failure: Error {
        let command: String
    }

    private typealias Unshare = @convention(c) (Int32) -> Int32
    private static let newNetwork: Int32 = 0x4000_0000

    private static func enter() -> Bool {
        guard let symbol = dlsym(nil, "unshare") else { return false }
        return unsafeBitCast(symbol, to: Unshare.self)(newNetwork) == 0
    }

    /// Whether this machine lets us have one.
    static let isAvailable: Bool = (try? run(["ip link set lo up"]) { true }) ?? false

    /// Runs `body` on a thread of its own whose sockets are in a new network, which these commands have set up.
    static func run<Value>(_ commands: [String], _ body: @escaping () throws -> Value) throws -> Value {
        nonisolated(unsafe) var result: Result<Value, any Error>?
        nonisolated(unsafe) let body = body
        let isDone = DispatchSemaphore(value: 0)
        let thread = Thread {
            result = Result {
                guard enter() else { throw Failure(command: "unshare") }
                for command in commands where system("\(command) 2>/dev/null") != 0 { throw Failure(command: command) }
                return try body()
            }
            isDone.signal()
        }
        thread.start()
        isDone.wait()
        guard let result else { throw Failure(command: "") }
        return try result.get()
    }
}
