/// Why a client's message was not followed, as the client reads it.
package struct MessageError: Error, Equatable {
    package var code: ErrorCode
    /// One sentence for the people who write clients.
    package var message: String
    /// The type of the message that this answers, where it is known.
    package var inReplyTo: String?
    /// What the client calls the message that this answers, where it has a name of its own.
    package var about: String?

    package init(code: ErrorCode, message: String, inReplyTo: String? = nil, about: String? = nil) {
        self.about = about
        self.code = code
        self.message = message
        self.inReplyTo = inReplyTo
    }
}

/// What clients can tell errors apart by.
package enum ErrorCode: String, Encodable, Sendable {
    case alreadyJoined = "already_joined"
    case alreadyLive = "already_live"
    case badJSON = "bad_json"
    case codecNotPlayed = "codec_not_played"
    case forbidden
    case invalidMessage = "invalid_message"
    case messageTooLarge = "message_too_large"
    case notFound = "not_found"
    case notJoined = "not_joined"
    case notLive = "not_live"
    case rateLimited = "rate_limited"
    case replaced
    case streamEnded = "stream_ended"
    case unauthorized
    case unavailable
    case unknownType = "unknown_type"
}

/// Why the server closes a WebSocket (RFC 6455, 7.4; from 4000 on our own).
package enum CloseCode: UInt16, Sendable {
    case goingAway = 1001
    case protocolError = 1002
    case messageTooLarge = 1009
    /// The first message was no valid `join`, or its token isn't valid.
    case notJoined = 4401
    case joinTimeout = 4408
    /// Another admin has taken over.
    case replaced = 4409
    case streamDeleted = 4410
    case readsTooSlowly = 4429
    /// The room is full: try again later.
    case full = 4503

    /// What is said besides: a JSON object, where there is more to say.
    package var reason: String { self == .full ? #"{"retry_after_ms":5000}"# : "" }
}
