import Foundation
import Wire

/// What the committed page says of each scenario, and what the code gives now. A change of the estimate shows as a change
/// of the page: `VITRINE_SCOREBOARD=write swift test --filter CongestionTests` writes it anew.
enum Scoreboard {
    private static let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("scoreboard.txt")
    private static let head = "scenario | use % | queue p95 ms | loss % | over s | kbit/s by flow, second half\n"

    static func line(_ name: String, _ score: Scenario.Score) -> String {
        let shares = score.shares.map { String(Int($0)) }.joined(separator: " ")
        let loss = String(format: "%.1f", score.loss * 100)
        let (use, delay) = (Int((score.use * 100).rounded()), Int(score.delayP95.rounded()))
        return "\(name) | \(use) | \(delay) | \(loss) | \(score.overloadedSeconds) | \(shares)"
    }

    /// The lines that are another than committed; empty when all are as they were.
    static func compare(_ lines: [String]) throws -> [String] {
        if ProcessInfo.processInfo.environment["VITRINE_SCOREBOARD"] == "write" {
            try (head + lines.joined(separator: "\n") + "\n").write(to: page, atomically: true, encoding: .utf8)
        }
        let known = Set(try String(contentsOf: page, encoding: .utf8).split(separator: "\n").map(String.init))
        return lines.filter { !known.contains($0) }
    }
}
