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
            await membership.show.leave(membership.client, role: membership.role)
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
        try await authorise(join)
        while true {
            let show: Show
            do {
                show = try await shows.show(join.streamID)
            } catch {
                throw MessageError(joining: error)
            }
            let client = ClientID.random()
            let isIn = await show.join(
                client, role: join.role, name: join.name, iceServers: rules.iceServers(), connection: connection)
            if isIn { return Membership(client: client, role: join.role, show: show) }
            await shows.forget(show)
        }
    }

    private func authorise(_ join: ClientMessage.Join) async throws {
        let isAllowed =
            switch join.role {
            case .admin: rules.admin.accepts(join.token)
            case .customer: await rules.viewers?.accepts(join.token, for: join.streamID) ?? true
            }
        guard isAllowed else {
            throw MessageError(code: .unauthorized, message: "The token isn't valid for this.", inReplyTo: "join")
        }
    }

    private func receive(_ input: ClientConnection.Input, from member: Membership) async {
        do {
            await member.show.handle(.message(member.client, try message(from: input)))
        } catch {
            await member.show.handle(.refused(member.client, error))
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
