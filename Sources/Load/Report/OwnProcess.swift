internal import Foundation

/// What this process has used, and may use.
enum OwnProcess {
    /// User and system time of all threads.
    static var cpuSeconds: Double {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    /// The processors that it may run on.
    static var cores: [Int] {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") } ?? ""
        return line.dropFirst(18).split(separator: ",").flatMap { part -> [Int] in
            let ends = part.split(separator: "-").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
            guard let first = ends.first, let last = ends.last, first <= last else { return [] }
            return Array(first...last)
        }
    }

    static var allCores: Int { ProcessInfo.processInfo.processorCount }

    /// How long these processors have been at work for anybody, and how long there was, in ticks: `/proc/stat`.
    static func coreTicks(_ cores: [Int]) -> (busy: Double, all: Double) {
        let text = (try? String(contentsOfFile: "/proc/stat", encoding: .utf8)) ?? ""
        var sum = (busy: 0.0, all: 0.0)
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let name = words.first, name.hasPrefix("cpu"), let core = Int(name.dropFirst(3)),
                cores.contains(core)
            else { continue }
            let ticks = words.dropFirst().prefix(8).compactMap { Double($0) }
            guard ticks.count == 8 else { continue }
            let all = ticks.reduce(0, +)
            sum.all += all
            sum.busy += all - ticks[3] - ticks[4]  // idle, waiting for a disk
        }
        return sum
    }

    /// Each viewer needs a descriptor.
    static func allowDescriptors(_ count: Int) throws(LoadFailure) {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        guard limit.rlim_cur < rlim_t(count) else { return }
        limit.rlim_cur = min(limit.rlim_max, rlim_t(count))
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        guard limit.rlim_cur >= rlim_t(count) else {
            throw LoadFailure("\(count) files must be open at once, \(limit.rlim_max) may be: raise \"ulimit -Hn\"")
        }
    }
}
