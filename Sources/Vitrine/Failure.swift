import API
import SFU
import Storage

/// Why the program ends: one line for the operator, and the exit status.
struct Failure: Error {
    let message: String
    let status: Int32

    static func usage(_ message: String) -> Failure { Failure(message: message, status: 2) }
    static func trouble(_ message: String) -> Failure { Failure(message: message, status: 1) }

    /// What an error says of itself, for such a line.
    static func reason(of error: any Error) -> String {
        if case .unavailable(let reason) = error as? StoreError { return reason }
        if error as? StoreError == .newerRelease { return "a newer release of Vitrine wrote it; use that release" }
        if case .unavailable(let reason) = error as? RelayError { return reason }
        if let error = error as? ListenFailure { return "\(error.host):\(error.port): \(error.reason)" }
        return String(describing: error)
    }
}
