internal import Foundation

/// What a server's process has used, as the kernel accounts for it.
struct ServerProbe: Sendable {
    let process: Int32

    init(process: Int32) throws(LoadFailure) {
        self.process = process
        guard cpuSeconds != nil else { throw LoadFailure("--server-pid: there is no process \(process)") }
    }

    /// User and system time of all its threads: fields 14 and 15 of `/proc/PID/stat`, in clock ticks.
    var cpuSeconds: Double? {
        guard let text = read("stat"), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return nil }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// From `smaps_rollup`, which is exact where `status` lags behind; that needs the same user.
    var residentBytes: UInt64? { kilobytes("Rss:", "smaps_rollup") ?? kilobytes("VmRSS:", "status") }

    private func kilobytes(_ name: String, _ file: String) -> UInt64? {
        guard let line = read(file)?.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else { return nil }
        let words = line.split(whereSeparator: \.isWhitespace)
        return words.count > 1 ? UInt64(words[1]).map { $0 * 1_024 } : nil
    }

    private func read(_ file: String) -> String? {
        try? String(contentsOfFile: "/proc/\(process)/\(file)", encoding: .utf8)
    }
}
