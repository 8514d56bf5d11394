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
