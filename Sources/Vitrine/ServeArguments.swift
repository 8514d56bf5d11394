import ArgumentParser

/// The options of `vitrine serve` as they are written; nil where one was left out.
struct ServeArguments: ParsableArguments {
    @Option(help: "The address to listen on. (default: 127.0.0.1)")
    var host: String?

    @Option(help: "The port for pages, REST and signaling; 0 takes a free one. (default: 8080)")
    var port: Int?

    @Option(help: "The folder for the store, recordings and the admin's token. (default: ./data)")
    var dataFolder: String?

    @Option(help: "Where records are kept: sqlite, sqlite:PATH or a mongodb:// URI. (default: sqlite)")
    var store: String?

    @Option(help: "How many writes of one show may wait for a store that is away. (default: 10000)")
    var storeQueue: Int?

    @Option(help: "How long chat is kept after it was said, as in 30d, 12h or forever. (default: forever)")
    var keepChat: String?

    @Option(help: "How long recordings are kept after the show's end, as in 90d or forever. (default: forever)")
    var keepRecordings: String?

    @Option(help: "When uploads that nobody goes on with end, and what a replay was made of goes. (default: 7d)")
    var uploadExpiry: String?

    @Option(help: "The admin's token. (default: one is made and kept in the data folder)")
    var adminToken: String?

    @Option(help: "The URL under which people reach the server, for the links it prints. (default: from host and port)")
    var publicUrl: String?

    @Option(help: "A PEM file with the certificate chain: serves HTTPS. (default: plain HTTP)")
    var tlsCertificate: String?

    @Option(help: "A PEM file with the certificate's private key. (default: none)")
    var tlsKey: String?

    @Option(help: "STUN servers for browsers, URLs with commas between, or a JSON array of iceServers. (default: none)")
    var iceServers: String?

    @Option(help: "TURN servers for browsers, URLs with commas between. (default: none)")
    var turnUrl: String?

    @Option(help: "The secret shared with the TURN servers (coturn: static-auth-secret). (default: none)")
    var turnSecret: String?

    @Option(help: "Origins of other pages that may connect, with commas between. (default: none but its own)")
    var allowedOrigins: String?

    @Option(help: "Asks viewers for a token signed with this secret (JWT, HS256). (default: everybody may watch)")
    var viewerTokenSecret: String?

    @Option(help: "How new shows reach viewers: auto, direct, or relay, which shows nobody's address. (default: auto)")
    var delivery: String?

    @Option(help: "How many seconds a show goes on without its admin. (default: 30)")
    var adminGrace: Double?

    @Option(help: "The relay's port, UDP and TCP; 0 takes a free one. (default: 7800, or a free one when it is taken)")
    var relayPort: Int?

    @Option(help: "The relay's threads; each one after the first listens one port higher. (default: cores - 1)")
    var relayWorkers: Int?

    @Option(help: "The relay's addresses for browsers, with commas between. (default: all of this machine)")
    var relayHost: String?

    @Option(help: "Addresses that a NAT maps to this machine, with commas between. (default: none)")
    var publicAddress: String?

    @Option(help: "What seals the relay's packets: ipsec-mb or openssl. (default: the fastest that is there)")
    var relayCipher: String?

    @Option(help: "How much to log: trace, debug, info, notice, warning, error, critical. (default: info)")
    var logLevel: String?

    @Option(help: "A JSON file with any of these options. (default: none)")
    var config: String?
}
