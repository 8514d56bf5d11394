import Logging
import NIOCore
import Signaling
import Storage
import Wire

/// One client from its first message to its last: `join`, then everything else into the show's room.
struct ClientSession {
    /// Who may be what, and how long a client may take to say so.
    struct Rules: Sendable {
        let admin: AdminAuthority
        let viewers: ViewerAuthority?
        let resumes: ResumeAuthority
        let clock: ServerClock
        let recordings: RecordingLibrary
        let joinTime: TimeAmount
        let iceServers: @Sendable () -> [ICEServer]
    }

    private struct Membership {
        let client: ClientID
        let role: ClientRole
        let show: Show
    }

    let connection: ClientConnection
    let shows: ShowRegistry
    let rules: Rules

    /// Returns when the client is gone.
    func run() async {
        var inputs = connection.inputs.makeAsyncIterator()
        // Else it broke before it joined: nobody knows of it.
        if let membership = try? await admit(&inputs) {
            await attend(&inputs, as: membership)
            await membership.show.leave(membership.client, role: membership.role, connection: connection)
            while await inputs.next() != nil {}  // it may take its time to read what it is still owed
        }
        await connection.close()
    }

    /// Returns when the client leaves, or is sent away.
    private func attend(
        _ inputs: inout ClientConnection.Inputs.AsyncIterator, as member: Membership
    ) async {
        // A socket that breaks ends it, too: the client has left, as if it had said so.
        while let input = await inputs.next() {
            if case .closing = input { return }
            await receive(input, from: member)
        }
    }

    /// Nil when the client left, or was sent away, before it joined.
    private func admit(
        _ inputs: inout ClientConnection.Inputs.AsyncIterator
    ) async throws -> Membership? {
        let connection = connection
        let timeout = connection.channel.eventLoop.scheduleTask(in: rules.joinTime) {
            connection.send(.close(.joinTimeout))
        }
        defer { timeout.cancel() }
        while let input = await inputs.next() {
            if case .closing = input { continue }
            do {
                guard case .join(let join) = try message(from: input) else {
                    throw MessageError(code: .notJoined, message: "The first message is \"join\".", inReplyTo: nil)
                }
                return try await enter(join)
            } catch let error as MessageError {
                refuse(error)
                if error.endsAdmission { connection.send(.close(.notJoined)) }
            }
        }
        return nil
    }

    private func enter(_ join: ClientMessage.Join) async throws -> Membership {
        while true {
            let former = rules.resumes.session(of: join.resumeToken)
                .flatMap { $0.stream == join.streamID && $0.role == join.role ? $0 : nil }
            // A stranger learns nothing of which shows there are.
            var givenName = former == nil ? try await authorise(join, resuming: nil) : former?.givenName
            let show: Show
            do {
                show = try await shows.show(join.streamID)
            } catch {
                throw MessageError(joining: error)
            }
            let resumed = await mayGoOn(former, in: show) ? former : nil
            if former != nil { givenName = try await authorise(join, resuming: resumed) }
            let entrance = entrance(of: join, resuming: resumed, givenName: givenName)
            if await show.join(entrance, connection: connection) {
                return Membership(client: entrance.client, role: join.role, show: show)
            }
            await shows.forget(show)
        }
    }

    /// Whether a session may be taken up again: its socket went a moment ago, or with the server.
    private func mayGoOn(_ former: ResumeAuthority.Session?, in show: Show) async -> Bool {
        guard let former else { return false }
        if await show.mayResume(former.client) { return true }
        let start = rules.clock.startedAt
        return former.since <= start && start.milliseconds(since: former.since) < ResumeAuthority.longestSessionMS
            && rules.clock.now.milliseconds(since: start) <= Departures.patienceMS
    }

    private func entrance(
        of join: ClientMessage.Join, resuming former: ResumeAuthority.Session?, givenName: String?
    ) -> Entrance {
        let session =
            former
            ?? .init(
                client: .random(), stream: join.streamID, role: join.role, since: rules.clock.now, givenName: givenName)
        return Entrance(
            client: session.client, role: join.role, name: givenName ?? join.name, isNameGiven: givenName != nil,
            place: join.place,
            iceServers: rules.iceServers(), resumeToken: rules.resumes.token(for: session))
    }

    /// A viewer who was let in stays so while the session goes on; an admin always shows the token. The name that the
    /// shop has given, if it has.
    private func authorise(
        _ join: ClientMessage.Join, resuming former: ResumeAuthority.Session?
    ) async throws -> String? {
        switch join.role {
        case .admin: if rules.admin.accepts(join.token) { return nil }
        case .customer:
            guard let viewers = rules.viewers else { return nil }
            // The shop may have renewed it in mid-show.
            if let claims = await viewers.claims(of: join.token, for: join.streamID) {
                return claims.name.map { String($0.prefix(80)) }
            }
            if let former { return former.givenName }
        }
        throw MessageError(code: .unauthorized, message: "The token isn't valid for this.", inReplyTo: "join")
    }

    private func receive(_ input: ClientConnection.Input, from member: Membership) async {
        do {
            let message = try message(from: input)
            if case .recordingRun(let key, let start) = message, member.role == .admin {
                try await announce(key, startsAtMS: start, of: member.show.id)
            }
            await member.show.handle(.message(member.client, message))
        } catch {
            await member.show.handle(.refused(member.client, error))
        }
    }

    private func announce(
        _ key: RecordingRun.Key, startsAtMS: Int64, of stream: StreamID
    ) async throws(MessageError) {
        do {
            try await rules.recordings.announce(key, startsAtMS: startsAtMS, of: stream)
        } catch {
            let message =
                if case .invalid(let reason) = error { reason } else { "This can't be stored now. Say it again later." }
            throw MessageError(code: .unavailable, message: message, inReplyTo: "recording_run")
        }
    }

    private func message(from input: ClientConnection.Input) throws(MessageError) -> ClientMessage {
        switch input {
        case .text(let text): return try ClientMessage.decode(Array(text.readableBytesView))
        case .binary:
            throw MessageError(code: .badJSON, message: "Messages are JSON in text frames.", inReplyTo: nil)
        case .oversized:
            throw MessageError(
                code: .messageTooLarge,
                message: "A message may have \(ClientConnection.maximumMessageBytes) bytes at most.", inReplyTo: nil)
        case .closing: throw MessageError(code: .notJoined, message: "You are being sent away.", inReplyTo: nil)
        }
    }

    private func refuse(_ error: MessageError) {
        connection.send(.text(ByteBuffer(bytes: ServerMessage.error(error).encoded())))
    }
}

extension MessageError {
    /// Whether a client that has not joined yet is sent away for it: it began with something else, or as somebody it
    /// isn't. A `join` that merely went wrong may be tried again.
    fileprivate var endsAdmission: Bool {
        switch code {
        case .notFound, .unavailable: false
        case .invalidMessage, .messageTooLarge: inReplyTo != "join"
        default: true
        }
    }

    fileprivate init(joining error: StoreError) {
        switch error {
        case .notFound:
            self.init(code: .notFound, message: "There is no such livestream.", inReplyTo: "join")
        default:
            self.init(
                code: .unavailable, message: "The show can't be opened now. Try again in a few seconds.",
                inReplyTo: "join")
        }
    }
}
