internal import Foundation
import Load

/// What `load` runs with, checked.
struct LoadSettings {
    private(set) var plan = LoadPlan()
    private(set) var whip: URL?
    private(set) var whep: URL?
    /// A Vitrine server on which to make a livestream for the run.
    private(set) var create: URL?
    /// Janus's HTTP API.
    private(set) var janus: URL?
    private(set) var token: String?
    private(set) var jsonPath: String?

    init(_ arguments: LoadArguments) async throws {
        let source = try await SettingsSource(configPath: arguments.config)
        whip = try Self.url("whip", source.text("whip", arguments.whip))
        whep = try Self.url("whep", source.text("whep", arguments.whep))
        create = try Self.url("create", source.text("create", arguments.create))
        janus = try Self.url("janus", source.text("janus", arguments.janus))
        token = try source.text("token", arguments.token)
        jsonPath = try source.text("json", arguments.json)
        try readPlan(source, arguments)
        try checkDoors()
    }

    /// There is one place to publish and view at.
    private func checkDoors() throws {
        guard [create != nil, janus != nil, whip != nil || whep != nil].count(where: \.self) <= 1 else {
            throw Failure.usage("use one of --create, --janus, and --whip with --whep")
        }
        guard create == nil || token != nil else { throw Failure.usage("--create needs --token") }
        guard create == nil, janus == nil else { return }
        guard plan.viewers == 0 || whep != nil else { throw Failure.usage("viewers need --whep URL") }
        guard plan.publish == .none || whip != nil else { throw Failure.usage("publishing needs --whip URL") }
        guard plan.viewers > 0 || plan.publish != .none else {
            throw Failure.usage("nothing to do: give --whep URL to view, --whip URL to publish")
        }
    }

    private mutating func readPlan(_ source: SettingsSource, _ arguments: LoadArguments) throws {
        let publish =
            try source.text("publish", arguments.publish)
            ?? (whip == nil && create == nil && janus == nil ? "none" : "synthetic")
        switch publish {
        case "none": plan.publish = .none
        case "synthetic": plan.publish = .synthetic
        default: plan.publish = .file(publish)
        }
        func number(_ name: String, _ given: Int?, in range: ClosedRange<Double>, or standard: Int) throws -> Int {
            Int(try source.number(name, given.map(Double.init), in: range) ?? Double(standard))
        }
        let viewers = whep == nil && create == nil && janus == nil && arguments.viewers == nil ? 0 : 100
        plan.viewers = try number("viewers", arguments.viewers, in: 0...50_000, or: viewers)
        plan.ramp = try source.number("ramp", arguments.ramp, in: 1...100_000) ?? plan.ramp
        plan.durationSeconds = try source.number("duration", arguments.duration, in: 1...86_400) ?? plan.durationSeconds
        plan.threads = try number("threads", arguments.threads, in: 1...64, or: 1)
        plan.verifyShare = try Self.share("verify", source.text("verify", arguments.verify) ?? "5%")
        try readLinks(source, arguments)
        plan.serverProcess = try source.number("server-pid", arguments.serverPid.map(Double.init), in: 1...4_194_304)
            .map { Int32($0) }
        plan.core = try source.number("core", arguments.core.map(Double.init), in: 0...1_023).map { Int($0) }
        plan.joinsReceives = arguments.gro
        plan.givesFeedback = !arguments.noFeedback
    }

    private mutating func readLinks(_ source: SettingsSource, _ arguments: LoadArguments) throws {
        let links = try arguments.link.isEmpty ? [source.text("link", nil)].compactMap(\.self) : arguments.link
        let weak = try source.text("weak", arguments.weak)
        guard weak == nil || !links.isEmpty else {
            throw Failure.usage("--weak needs --link, as in --link rate=800,delay=25,queue=200,loss=2")
        }
        plan.weakShare = try links.isEmpty ? 0 : Self.share("weak", weak ?? "100%")
        for text in links {
            do throws(LoadFailure) {
                plan.links.append(try LinkProfile(parsing: text))
            } catch {
                throw Failure.usage(error.reason)
            }
        }
    }

    /// `5%`, or `0.05`.
    private static func share(_ name: String, _ text: String) throws -> Double {
        let isPercent = text.hasSuffix("%")
        guard let number = Double(isPercent ? String(text.dropLast()) : text),
            (0...1).contains(isPercent ? number / 100 : number)
        else { throw Failure.usage("--\(name): \"\(text)\" is no share, as 5% or 0.05 is") }
        return isPercent ? number / 100 : number
    }

    private static func url(_ name: String, _ text: String?) throws -> URL? {
        guard let text else { return nil }
        guard let url = URL(string: text), ["http", "https"].contains(url.scheme), url.host?.isEmpty == false else {
            throw Failure.usage("--\(name): \"\(text)\" is no http or https URL")
        }
        return url
    }
}
