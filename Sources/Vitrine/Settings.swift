import API
internal import Foundation
import Logging
import SFU
import SRTP
import Signaling
import Storage
import Wire

/// What `serve` runs with: the command line over the environment over the file over the defaults, checked.
struct Settings {
    var server = ServerOptions(adminToken: "")
    var relay = RelayConfiguration(port: 7_800, includesLoopback: true)
    var relayPortIsGiven = false
    let adminToken: String?
    let dataFolder: String
    let store: String
    let publicURL: String?
    /// When an upload that nobody goes on with ends; nil for the usual time.
    var uploadExpiryMS: Int64?
    let logLevel: Logger.Level

    init(_ arguments: ServeArguments) async throws {
        let source = try await SettingsSource(configPath: arguments.config)
        dataFolder = try source.text("data-folder", arguments.dataFolder) ?? "./data"
        store = try source.text("store", arguments.store) ?? "sqlite"
        adminToken = try source.text("admin-token", arguments.adminToken)
        publicURL = try source.text("public-url", arguments.publicUrl).map(Self.checkedURL)
        let level = try source.text("log-level", arguments.logLevel) ?? "info"
        guard let logLevel = Logger.Level(rawValue: level) else {
            throw Failure.usage("--log-level: \"\(level)\" is no level")
        }
        self.logLevel = logLevel
        if let adminToken, adminToken.utf8.count < 8 {
            throw Failure.usage("--admin-token: use at least 8 characters, or leave it out to have one made")
        }
        try readServer(source, arguments)
    }

    private mutating func readServer(_ source: SettingsSource, _ arguments: ServeArguments) throws {
        server.host = try source.text("host", arguments.host) ?? server.host
        server.port =
            try source.number("port", arguments.port.map(Double.init), in: 0...65_535).map { Int($0) } ?? server.port
        server.tlsCertificatePath = try source.text("tls-certificate", arguments.tlsCertificate)
        server.tlsKeyPath = try source.text("tls-key", arguments.tlsKey)
        guard (server.tlsCertificatePath == nil) == (server.tlsKeyPath == nil) else {
            throw Failure.usage("--tls-certificate and --tls-key go together")
        }
        server.iceServers = try Self.iceServers(source.text("ice-servers", arguments.iceServers))
        server.turnURLs = Self.list(try source.text("turn-url", arguments.turnUrl))
        server.turnSecret = try source.text("turn-secret", arguments.turnSecret)
        guard server.turnURLs.isEmpty == (server.turnSecret == nil) else {
            throw Failure.usage("--turn-url and --turn-secret go together")
        }
        server.allowedOrigins = Self.list(try source.text("allowed-origins", arguments.allowedOrigins))
        if let publicURL { server.allowedOrigins.append(publicURL) }
        server.isSecure = server.tlsCertificatePath != nil || publicURL?.hasPrefix("https:") == true
        server.viewerTokenSecret = try source.text("viewer-token-secret", arguments.viewerTokenSecret)
        if let queue = try source.number("store-queue", arguments.storeQueue.map(Double.init), in: 0...1_000_000) {
            server.storeQueue = Int(queue)
        }
        if let mode = try source.text("delivery", arguments.delivery) {
            guard let known = Delivery.Mode(rawValue: mode) else {
                throw Failure.usage("--delivery: \"\(mode)\" is none of auto, direct, relay")
            }
            server.deliveryMode = known
        }
        try readRelay(source, arguments)
        server.retention = RetentionSweep.Rules(
            chatMS: try source.time("keep-chat", arguments.keepChat),
            recordingsMS: try source.time("keep-recordings", arguments.keepRecordings))
        uploadExpiryMS = try source.time("upload-expiry", arguments.uploadExpiry)
        if let grace = try source.number("admin-grace", arguments.adminGrace, in: 0...3_600) {
            server.adminGraceMS = Int64(grace * 1_000)
        }
    }

    private mutating func readRelay(_ source: SettingsSource, _ arguments: ServeArguments) throws {
        if let port = try source.number("relay-port", arguments.relayPort.map(Double.init), in: 0...65_535) {
            relay.port = UInt16(port)
            relayPortIsGiven = true
        }
        relay.includesLoopback = ["127.0.0.1", "localhost", "::1"].contains(server.host)
        relay.addresses = try Self.addresses("relay-host", source.text("relay-host", arguments.relayHost))
        relay.publicAddresses = try Self.addresses(
            "public-address", source.text("public-address", arguments.publicAddress))
        if let name = try source.text("relay-cipher", arguments.relayCipher) {
            relay.cipherHome = try Self.cipherHome(name)
        }
        let cores = Double(max(1, ProcessInfo.processInfo.activeProcessorCount - 1))
        relay.workers = Int(
            try source.number("relay-workers", arguments.relayWorkers.map(Double.init), in: 1...64) ?? cores)
    }

    private static func cipherHome(_ name: String) throws -> CipherHome {
        guard let home = CipherHome(rawValue: name), CipherHome.available.contains(home) else {
            let names = CipherHome.available.map(\.rawValue).joined(separator: ", ")
            throw Failure.usage("--relay-cipher: \"\(name)\" is none of those that this machine has: \(names)")
        }
        return home
    }

    private static func addresses(_ name: String, _ text: String?) throws -> [SocketAddress] {
        try list(text).map { text in
            guard let address = SocketAddress(text, port: 0) else {
                throw Failure.usage("--\(name): \"\(text)\" is no address")
            }
            return address
        }
    }

    private static func list(_ text: String?) -> [String] {
        (text ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    private static func iceServers(_ text: String?) throws -> [ICEServer] {
        guard let text, text.hasPrefix("[") else {
            let urls = list(text)
            return urls.isEmpty ? [] : [ICEServer(urls: urls, username: nil, credential: nil)]
        }
        do {
            return try JSONDecoder().decode([ICEServer].self, from: Data(text.utf8))
        } catch {
            throw Failure.usage(#"--ice-servers: not a JSON array like [{"urls": ["stun:stun.example:3478"]}]"#)
        }
    }

    private static func checkedURL(_ text: String) throws -> String {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme, ["http", "https"].contains(scheme),
            parts.host?.isEmpty == false
        else { throw Failure.usage("--public-url: \"\(text)\" is no http or https URL") }
        guard ["", "/"].contains(parts.path), parts.query == nil, parts.fragment == nil else {
            throw Failure.usage(
                "--public-url: the pages are served at the root of a host: leave out what is behind it in \"\(text)\"")
        }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }
}
