internal import Foundation
import Logging
import Storage
import Wire

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

    /// Whether this is the store that the folder has belonged to so far; nil when it has belonged to none.
    func belongs(to id: StoreID) -> Bool? { former.map { $0 == id } }

    private var former: StoreID? {
        (try? String(contentsOfFile: path("store-id"), encoding: .utf8))
            .flatMap { StoreID($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    func take(_ id: StoreID) throws {
        do {
            try Data("\(id)\n".utf8).write(to: URL(fileURLWithPath: path("store-id")), options: .atomic)
        } catch {
            throw Failure.trouble("can't write to the data folder \(path): \(error.localizedDescription)")
        }
    }

    /// Marks a new folder with its store, and says so when it meets another one: nothing is deleted for that.
    func meet(_ store: any LivestreamStore, logger: Logger) async {
        do {
            let id = try await store.identity()
            switch belongs(to: id) {
            case true?: break
            case false?:
                logger.error(
                    """
                    this data folder has belonged to another store: is --store the right one? Recordings of shows that \
                    this store lacks are kept; "vitrine store check" lists them
                    """)
            case nil: try take(id)
            }
        } catch {
            logger.warning("which store this data folder belongs to can't be checked now: \(Failure.reason(of: error))")
        }
    }

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
