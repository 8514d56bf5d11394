import API
internal import Foundation

/// What the operator reads when the server is ready.
struct Announcement {
    private let host: String
    private let isSecure: Bool
    private let publicURL: String?
    /// Shown only when this server made it: one that the operator gave is the operator's to keep.
    private let madeToken: String?

    init(settings: Settings, tokenIsMade: Bool, token: String) {
        host = settings.server.host
        isSecure = settings.server.tlsCertificatePath != nil
        publicURL = settings.publicURL
        madeToken = tokenIsMade ? token : nil
    }

    func print(port: Int) {
        let local = "\(isSecure ? "https" : "http")://\(host.contains(":") ? "[\(host)]" : host):\(port)"
        let base = publicURL ?? local
        let lines = [
            "vitrine: customers watch at \(base)/",
            madeToken.map { "vitrine: the admin broadcasts from \(base)/admin/#token=\($0)" }
                ?? "vitrine: the admin broadcasts from \(base)/admin/ (with the token that you gave)",
            "vitrine: listening on \(local)",
        ]
        FileHandle.standardOutput.write(Data((lines.joined(separator: "\n") + "\n").utf8))
    }
}
