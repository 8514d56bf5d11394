import Benchmark

/// One benchmark for each station of a packet's way in and out, and of a message's.
let benchmarks: @Sendable () -> Void = {
    registerIngress()
    registerEgress()
    registerControl()
    registerMessages()
}
