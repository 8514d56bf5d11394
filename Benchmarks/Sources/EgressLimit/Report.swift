import Foundation

/// What one run of the program says, for people and as JSON.
struct Report: Encodable {
    /// How one sender does against another in the same rounds.
    struct Ratio: Encodable {
        let name: String
        let least: Double
        let median: Double
        let most: Double

        init(_ name: String, _ ratios: [Double]) {
            self.name = name
            least = ratios.first ?? 0
            median = ratios.isEmpty ? 0 : ratios[ratios.count / 2]
            most = ratios.last ?? 0
        }
    }

    struct Part: Encodable {
        let title: String
        var rows: [Comparison.Row]
        var ratios: [Ratio]
        var lostPackets: UInt64
    }

    var parts: [Part] = []

    func printTable() {
        for part in parts {
            print("\n\(part.title)" + (part.lostPackets > 0 ? " (\(part.lostPackets) packets lost: not valid)" : ""))
            for row in part.rows {
                let figures = [row.sorted[0], row.median, row.sorted[row.sorted.count - 1]].map { String(Int($0)) }
                print(
                    "  \(row.name.padding(toLength: 36, withPad: " ", startingAt: 0)) \(row.viewers) viewers: "
                        + "\(figures.joined(separator: " / ")) ns a packet, \(Int(row.packetsPerSecond)) packets a CPU-second"
                )
            }
            for ratio in part.ratios {
                let figures = [ratio.least, ratio.median, ratio.most].map { String(format: "%.3f", $0) }
                print("  \(ratio.name): \(figures.joined(separator: " / "))")
            }
        }
    }

    func printJSON() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        print(String(decoding: try encoder.encode(self), as: UTF8.self))
    }
}
