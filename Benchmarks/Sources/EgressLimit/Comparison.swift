import CLimit
import Foundation

@testable import Rigs

/// Senders who take turns, so that whatever else the machine does befalls all of them.
struct Comparison {
    /// What was measured of one sender: nanoseconds of its thread's CPU time (user and system) for each packet.
    struct Row: Encodable {
        let name: String
        let viewers: Int
        let nanoseconds: [Double]
        var sorted: [Double] { nanoseconds.sorted() }
        var median: Double { sorted[sorted.count / 2] }
        var packetsPerSecond: Double { 1e9 / median }
    }

    let senders: [(sender: any Sender, viewers: Int)]
    let sink: Sink

    /// Each sender in turn sends so many packets, and the rest of its pattern, `rounds` times, after a first time that
    /// doesn't count.
    func run(rounds: Int, packets: Int) -> [Row] {
        var samples = senders.map { _ in [Double]() }
        for round in 0...rounds {
            for (number, each) in senders.enumerated() {
                let sample = measure(each.sender, packets: round == 0 ? packets / 4 : packets)
                if round > 0 { samples[number].append(sample) }
            }
        }
        return zip(senders, samples).map { Row(name: $0.sender.name, viewers: $0.viewers, nanoseconds: $1) }
    }

    private func measure(_ sender: any Sender, packets: Int) -> Double {
        let whole = sender.patternPackets
        let packets = (packets + whole - 1) / whole * whole
        var sent = 0
        var used: UInt64 = 0
        while sent < packets {
            sender.prepare()
            let before = climit_thread_cpu_ns()
            let count = sender.send()
            used += climit_thread_cpu_ns() - before
            guard count > 0 else { break }
            sent += count
            sink.drain(count)
        }
        return Double(used) / Double(max(1, sent))
    }
}

extension Comparison.Row {
    /// How much dearer the other one is, round by round: its nanoseconds over ours.
    func ratios(over other: Self) -> [Double] { zip(other.nanoseconds, nanoseconds).map { $0 / $1 }.sorted() }
}
