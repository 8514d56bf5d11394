/// Why a command has no answer.
package enum MongoFailure: Error, Equatable, Sendable {
    /// No server was found in time, or the connection broke: then the command may have been carried out.
    case unreachable(String)
    /// The server's own error, with its code.
    case refused(code: UInt32, message: String)
    /// Authentication, TLS, or a command that can't be sent.
    case failed(String)
    /// It waited for a thread as long as for a server: others wait for a server that doesn't come.
    case busy
    case closed
    case badURI(String)
}

extension MongoFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreachable(let message), .failed(let message): message
        case .refused(let code, let message): "\(message) (error \(code))"
        case .busy: "too many calls wait for the server"
        case .closed: "it is closed"
        case .badURI(let message): message
        }
    }
}
