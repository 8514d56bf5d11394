import CLimit
import Foundation

@testable import Rigs

// egress-limit [--json] [--rounds N] [--packets N]
// What the relay's way out costs a packet, beside the same bytes encrypted and sent by a bare loop in C: over loopback,
// in turns, the sender on the first core and the receiver on the second. About a minute.

let arguments = CommandLine.arguments.dropFirst()

func option(_ name: String, or standard: Int) -> Int {
    guard let position = arguments.firstIndex(of: name), position + 1 < arguments.endIndex else { return standard }
    return Int(arguments[position + 1]) ?? standard
}

let rounds = max(1, option("--rounds", or: 15))
let packets = max(1_000, option("--packets", or: 90_000))

/// The relay against the limit with each cipher that is here.
func againstLimit(_ title: String, _ pattern: Pattern, sizes: [Int], takesOffload: Bool) throws -> Report.Part {
    let sink = try Sink(takesOffload: takesOffload, core: 1)
    var part = Report.Part(title: title, rows: [], ratios: [], lostPackets: 0)
    for viewers in sizes {
        let ours = try ViewerCipher.available.filter { $0.isGalois }.map {
            try VitrineSender(viewers: viewers, cipher: $0, pattern: pattern, to: sink)
        }
        let limits = try [climit_evp_gcm, climit_ipsec_mb_gcm].compactMap {
            try LimitSender(viewers: viewers, cipher: $0, pattern: pattern, to: sink)
        }
        let senders: [any Sender] = ours + limits
        let rows = Comparison(senders: senders.map { ($0, viewers) }, sink: sink).run(rounds: rounds, packets: packets)
        let size = sizes.count > 1 ? ", \(viewers) viewers" : ""
        part.rows += rows
        part.ratios += rows.prefix(ours.count).flatMap { our in
            rows.dropFirst(ours.count).map { Report.Ratio("\(our.name) / \($0.name)\(size)", our.ratios(over: $0)) }
        }
    }
    part.lostPackets = sink.lost
    return part
}

/// The relay against itself with a kernel that cuts no messages.
func againstPlainSends() throws -> Report.Part {
    let viewers = 500
    let sink = try Sink(takesOffload: false, core: 1)
    let senders = try [true, false].map {
        try VitrineSender(viewers: viewers, cipher: .openSSL, segments: $0, to: sink)
    }
    let rows = Comparison(senders: senders.map { ($0, viewers) }, sink: sink).run(rounds: rounds, packets: packets)
    return Report.Part(
        title: "Against one datagram a call", rows: rows,
        ratios: [Report.Ratio("segments / single datagrams", rows[0].ratios(over: rows[1]))], lostPackets: sink.lost)
}

/// What a packet costs with few viewers and with many.
func growth() throws -> Report.Part {
    let sink = try Sink(takesOffload: false, core: 1)
    let sizes = [10, 100, 500, 2_000]
    let senders = try sizes.map { ($0, try VitrineSender(viewers: $0, cipher: .openSSL, to: sink)) }
    let rows = Comparison(senders: senders.map { ($1, $0) }, sink: sink).run(rounds: rounds, packets: packets)
    return Report.Part(
        title: "With more viewers", rows: rows,
        ratios: rows.prefix(2).flatMap { few in
            rows.filter { $0.viewers > few.viewers }.map {
                Report.Ratio("cost with \($0.viewers) viewers / with \(few.viewers)", few.ratios(over: $0))
            }
        },
        lostPackets: sink.lost)
}

func main() throws {
    guard climit_pin(0) != 0 else { throw Failure(reason: "can't stay on one core") }
    var report = Report()
    for offload in [false, true] {
        let title = "Against the limit, frames of 9 packets, receiver \(offload ? "with" : "without") GRO"
        report.parts.append(try againstLimit(title, .frames, sizes: [500], takesOffload: offload))
    }
    let title = "The real pattern: 30 frames of 9 packets and 50 of sound a second, receiver without GRO"
    report.parts.append(try againstLimit(title, .real, sizes: [200, 500], takesOffload: false))
    report.parts.append(try againstPlainSends())
    report.parts.append(try growth())
    if arguments.contains("--json") { try report.printJSON() } else { report.printTable() }
}

do { try main() } catch {
    FileHandle.standardError.write(Data("error: \(error)\n".utf8))
    exit(1)
}
