import HTTPTypes
import Hummingbird
import Wire

/// Who may have what belongs to a show: everybody, or, where the operator asks for viewers' tokens, who shows one for
/// this show, who is in it, and the admin.
struct ShowAccess: Sendable {
    /// What of the list of shows somebody may see.
    enum Listing: Equatable {
        case all, none
        case only(StreamID)
    }

    let admin: AdminAuthority
    /// Nil: everybody may watch.
    let viewers: ViewerAuthority?
    let resumes: ResumeAuthority
    let replays: ReplaySignature?
    let clock: ServerClock

    /// Throws a 401.
    func require(_ request: Request, for stream: StreamID) async throws {
        guard await allows(request, for: stream) else { throw Self.refusal(request) }
    }

    func allows(_ request: Request, for stream: StreamID) async -> Bool {
        guard let viewers else { return true }
        let token = AdminAuthority.bearerToken(of: request)
        if admin.accepts(token) { return true }
        if await viewers.accepts(token, for: stream) { return true }
        // A session outlives its viewer's token, with all that belongs to the show.
        guard let session = resumes.session(of: token), session.stream == stream else { return false }
        return clock.now.milliseconds(since: session.since) < ResumeAuthority.longestSessionMS
    }

    /// The replay may also be had by an address that was given to somebody who may: a video element sends no token.
    func requireReplay(_ request: Request, of stream: StreamID) async throws {
        if let replays, replays.isValid(request.query("signature"), of: stream, at: clock.now) { return }
        try await require(request, for: stream)
    }

    func listing(_ request: Request) async -> Listing {
        guard let viewers else { return .all }
        let token = AdminAuthority.bearerToken(of: request)
        if admin.accepts(token) { return .all }
        guard let claims = await viewers.claims(of: token) else { return .none }
        return claims.streamID.map { .only($0) } ?? .all
    }

    /// Throws a 401 to who may watch nothing here.
    func requireAny(_ request: Request) async throws {
        guard await listing(request) != .none else { throw Self.refusal(request) }
    }

    /// The record, with an address of its replay that works for who may have it.
    func shown(_ stream: Livestream) -> Livestream {
        var stream = stream
        stream.replayQuery = replays?.query(for: stream.id, at: clock.now)
        return stream
    }

    private static func refusal(_ request: Request) -> Problem {
        AdminAuthority.refusal(
            "This show is for invited guests: send a viewer's token for it, \"Authorization: Bearer TOKEN\".",
            error: request.headers[.authorization] == nil ? nil : "invalid_token")
    }
}
