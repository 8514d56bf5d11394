import ArgumentParser
internal import Foundation
import SFU
import Storage

@main
struct Vitrine: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vitrine",
        abstract: "Live shopping: one person broadcasts from a browser, many watch, chat and buy.",
        discussion: """
            Begin with "vitrine serve": it needs nothing else, keeps its data in ./data, and prints the links of the \
            admin's and the customers' pages.
            """,
        version: "0.1.0", subcommands: [Serve.self, LoadCommand.self, StoreCommand.self])

    /// Exit status 0 after a clean stop or help, 2 for bad usage, 1 for the rest (docs/operating.md).
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var serve = command as? any AsyncParsableCommand {
                try await serve.run()
            } else {
                try command.run()
            }
            end(0)
        } catch let failure as Failure {
            FileHandle.standardError.write(Data("vitrine: \(failure.message)\n".utf8))
            end(failure.status)
        } catch let code as ExitCode {
            end(code.rawValue)
        } catch {
            let isHelp = exitCode(for: error) == .success
            let text = isHelp ? fullMessage(for: error) : "vitrine: \(message(for: error)) (see --help)"
            (isHelp ? FileHandle.standardOutput : .standardError).write(Data("\(text)\n".utf8))
            end(isHelp ? 0 : 2)
        }
    }

    /// Without what libraries do at exit: OpenSSL throws its locks away then, under threads that have a last handshake to
    /// do.
    private static func end(_ status: Int32) -> Never {
        fflush(nil)
        _exit(status)
    }
}
