import Configuration
internal import Foundation
import SystemPackage

/// Where a setting comes from.
struct SettingsSource {
    private let reader: ConfigReader

    init(configPath: String?) async throws {
        let environment = EnvironmentVariablesProvider()
        guard let path = configPath ?? ProcessInfo.processInfo.environment["VITRINE_CONFIG"] else {
            reader = ConfigReader(provider: environment.prefixKeys(with: "vitrine"))
            return
        }
        do {
            let file = try await FileProvider<JSONSnapshot>(filePath: FilePath(path))
            reader = ConfigReader(providers: [environment.prefixKeys(with: "vitrine"), file])
        } catch {
            throw Failure.usage("--config: can't read \(path) as a JSON object of options")
        }
    }

    /// Nil when it is given nowhere, or empty.
    func text(_ name: String, _ argument: String?) throws -> String? {
        let text = argument ?? reader.string(forKey: ConfigKey([name]))
        return text?.isEmpty == true ? nil : text
    }

    /// A span of time like `30d`, in milliseconds; nil for `forever`, and when it is given nowhere.
    func time(_ name: String, _ argument: String?) throws -> Int64? {
        guard let text = try text(name, argument), text != "forever" else { return nil }
        let units: [Character: Int64] = ["d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000]
        guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()),
            (1...1_000_000).contains(count)
        else { throw Failure.usage("--\(name): a whole number and d, h, m or s, as in 30d, or \"forever\"") }
        return count * unit
    }

    func number(_ name: String, _ argument: Double?, in range: ClosedRange<Double>) throws -> Double? {
        let key = ConfigKey([name])
        let given: Double?
        if let argument {
            given = argument
        } else if let text = reader.string(forKey: key) {
            guard let number = Double(text) else { throw Failure.usage("--\(name): \"\(text)\" is no number") }
            given = number
        } else {
            given = reader.double(forKey: key) ?? reader.int(forKey: key).map(Double.init)
        }
        guard let number = given else { return nil }
        guard range.contains(number) else {
            throw Failure.usage("--\(name): from \(Int(range.lowerBound)) to \(Int(range.upperBound))")
        }
        return number
    }
}
