internal import Foundation

/// The folder in which a server keeps everything.
struct DataFolder {
    let path: String

    /// Makes it when it isn't there. Throws one clear line when it can't be made or written.
    init(path: String) throws {
        self.path = path
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw Failure.trouble("can't make the data folder \(path): \(error.localizedDescription)")
        }
        guard FileManager.default.isWritableFile(atPath: path) else {
            throw Failure.trouble("can't write to the data folder \(path): give it to the user that runs vitrine")
        }
    }

    func path(_ name: String) -> String { "\(path)/\(name)" }

    /// The token that a former start made, or a new one: 192 random bits in a file that only its owner can read.
    func adminToken() throws -> String {
        let file = path("admin-token")
        if let kept = try? String(contentsOfFile: file, encoding: .utf8) {
            let token = kept.trimmingCharacters(in: .whitespacesAndNewlines)
            if token.utf8.count >= 8 { return token }
        }
        var generator = SystemRandomNumberGenerator()
        let random = (0..<3).flatMap { _ in bytes(of: generator.next()) }
        let token = Data(random).base64EncodedString()
            .replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
        let isMade = FileManager.default.createFile(
            atPath: file, contents: Data("\(token)\n".utf8), attributes: [.posixPermissions: 0o600])
        guard isMade else { throw Failure.trouble("can't write the admin's token to \(file)") }
        return token
    }

    private func bytes(of number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
}
