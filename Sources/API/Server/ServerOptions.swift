package import NIOCore
package import Signaling
package import Storage
package import Wire

/// What an operator decides about a server.
package struct ServerOptions: Sendable {
    package var host = "127.0.0.1"
    /// 0 takes a free one.
    package var port = 8080
    package var adminToken: String
    /// PEM files; both or none.
    package var tlsCertificatePath: String?
    package var tlsKeyPath: String?
    /// People reach it by HTTPS: its own, or that of a proxy before it.
    package var isSecure = false
    package var iceServers: [ICEServer] = []
    package var turnURLs: [String] = []
    package var turnSecret: String?
    package var allowedOrigins: [String] = []
    /// Viewers must show a token signed with it; nil lets everybody watch.
    package var viewerTokenSecret: String?
    /// How the picture of new shows may reach viewers, unless they say otherwise.
    package var deliveryMode = Delivery.Mode.auto
    /// How long a show goes on without its admin, in milliseconds.
    package var adminGraceMS: Int64 = 30_000
    /// How many writes of one show may wait for a store that is away.
    package var storeQueue = 10_000
    /// How long chat and recordings are kept.
    package var retention = RetentionSweep.Rules()
    /// How long a client may take to join.
    package var joinTime = TimeAmount.seconds(10)

    package init(adminToken: String) {
        self.adminToken = adminToken
    }
}
