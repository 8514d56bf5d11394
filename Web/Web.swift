package import Foundation

/// The files of the web apps, as they lie beside this program.
package enum WebFiles {
    package struct File {
        /// Relative to the folder `Web`, like `watch/index.html`.
        package let path: String
        package let contents: Data
    }

    package enum Failure: Error, CustomStringConvertible {
        case missing(folder: String)

        package var description: String {
            switch self {
            case .missing(let folder): "the pages' folder \"\(folder)\" is missing beside the program"
            }
        }
    }

    private static let folders = ["admin", "home", "shared", "watch"]

    /// Every file of every app.
    package static func all() throws -> [File] {
        try folders.flatMap { folder in
            let root = Bundle.module.bundleURL.appendingPathComponent(folder)
            guard let paths = FileManager.default.enumerator(atPath: root.path) else {
                throw Failure.missing(folder: folder)
            }
            return try paths.compactMap { $0 as? String }.filter { !$0.hasPrefix(".") }.sorted()
                .compactMap { path -> File? in
                    let url = root.appendingPathComponent(path)
                    let isFolder = try url.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true
                    return isFolder ? nil : File(path: "\(folder)/\(path)", contents: try Data(contentsOf: url))
                }
        }
    }
}
