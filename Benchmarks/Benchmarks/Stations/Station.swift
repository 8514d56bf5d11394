import Benchmark
import CAllocations
import CLimit

/// One station of a packet's or a message's way, and what of it is measured.
struct Station<State> {
    let name: String
    /// How often `body` does its work, in one iteration of the benchmark.
    var operations = 1_000
    let setup: () throws -> State
    /// What must be there anew for each iteration, and is not measured.
    var prepare: (State) -> Void = { _ in }
    let body: (State) -> Void

    /// The CPU's clock ticks every 10 ms in the benchmark library's own metrics, and its allocations read 0: both are
    /// counted here.
    private static var cpu: BenchmarkMetric { .custom("CPU ns an operation", useScalingFactor: false) }
    private static var allocations: BenchmarkMetric {
        .custom("Allocations in 1,000 operations", useScalingFactor: false)
    }

    func register() {
        let (operations, prepare, body) = (operations, prepare, body)
        Benchmark(
            name,
            configuration: .init(
                metrics: [.wallClock, Self.cpu, Self.allocations], warmupIterations: 3, maxDuration: .seconds(1),
                maxIterations: 200),
            closure: { (benchmark: Benchmark, state: State) in
                prepare(state)
                let (allocations, cpu) = (allocations_count(), climit_thread_cpu_ns())
                benchmark.startMeasurement()
                body(state)
                benchmark.stopMeasurement()
                let used = climit_thread_cpu_ns() - cpu
                let allocated = allocations_count() - allocations
                benchmark.measurement(Self.cpu, Int(used) / operations)
                benchmark.measurement(Self.allocations, Int(allocated) * 1_000 / operations)
            },
            setup: setup)
    }
}
