/// Why the program ends: one line for the operator, and the exit status.
struct Failure: Error {
    let message: String
    let status: Int32

    static func usage(_ message: String) -> Failure { Failure(message: message, status: 2) }
    static func trouble(_ message: String) -> Failure { Failure(message: message, status: 1) }
}
