internal import Foundation
import Storage

/// Where records are kept, as it is written: `sqlite`, `sqlite:PATH`, the path of a data folder, or `mongodb://…`.
enum StoreAddress {
    /// A file.
    case sqlite(path: String)
    /// Never to be shown: it may hold a password.
    case mongoDB(uri: String)

    /// The file of a data folder's own store.
    static let fileName = "vitrine.sqlite"

    /// The value of `--store`.
    init(option text: String, in folder: DataFolder) throws {
        if text == "sqlite" {
            self = .sqlite(path: folder.path(Self.fileName))
        } else if Self.isExplicit(text) {
            self = Self.explicit(text)
        } else {
            throw Failure.usage("--store: \"sqlite\", sqlite:PATH or a mongodb:// URI")
        }
    }

    /// One of the two of `store copy`.
    init(argument text: String) {
        if Self.isExplicit(text) {
            self = Self.explicit(text)
        } else {
            var isFolder: ObjCBool = false
            let isThere = unsafe FileManager.default.fileExists(atPath: text, isDirectory: &isFolder)
            self = .sqlite(path: isThere && !isFolder.boolValue ? text : "\(text)/\(Self.fileName)")
        }
    }

    private static func explicit(_ text: String) -> StoreAddress {
        text.hasPrefix("sqlite:") ? .sqlite(path: String(text.dropFirst("sqlite:".count))) : .mongoDB(uri: text)
    }

    private static func isExplicit(_ text: String) -> Bool {
        text.hasPrefix("mongodb://") || text.hasPrefix("mongodb+srv://")
            || (text.hasPrefix("sqlite:") && text.utf8.count > "sqlite:".utf8.count)
    }

    /// MongoDB isn't asked yet: its first call does that, and `prepare`.
    func open() async throws -> any LivestreamStore {
        switch self {
        case .sqlite(let path):
            do {
                return try await SQLiteStore(path: path)
            } catch {
                throw Failure.trouble("can't open the store \(path): \(Failure.reason(of: error))")
            }
        case .mongoDB(let uri):
            do {
                return try MongoStore(uri: uri)
            } catch {
                // The reason holds nothing of the URI.
                throw Failure.usage("--store: \(Failure.reason(of: error))")
            }
        }
    }
}
