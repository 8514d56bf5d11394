import Logging
import NIOCore
import SFU
import Signaling
import Storage
import Synchronization
import Wire

/// A show that somebody attends: the room, and the carrying out of what the room decides.
///
/// The room is a value that knows no socket, no clock and no store. This actor feeds it events in order, and what it
/// answers with goes to the clients' sockets and to the store from here.
actor Show {
    /// A store that has not answered for this long is taken for away.
    private static let stallMS: Int64 = 1_000
    private static let firstRetryMS: Int64 = 250
    private static let longestRetryMS: Int64 = 4_000

    nonisolated let id: StreamID
    private var room: Room
    private var connections: [ClientID: ClientConnection] = [:]
    private var generator = SystemRandomNumberGenerator()
    private let clock: ServerClock
    private let store: any LivestreamStore
    private let relayDesk: RelayDesk
    /// Who is behind which session of the relay.
    private nonisolated let relaySessions = Mutex<[RelaySessionID: ClientID]>([:])
    /// The session by which a studio's page publishes.
    private nonisolated let studioUplink = Mutex<RelaySessionID?>(nil)
    /// Sessions whose sockets went a moment ago, and when, by whom they are.
    private var departures = Departures()
    private let replays: ReplaySignature?
    private let onEnded: @Sendable (StreamID) async -> Void
    private let metrics: ServerMetrics
    private let logger: Logger

    /// What waits for the store.
    private var backlog: WriteBacklog
    private var writer: Task<Void, Never>?
    /// Ends the wait before a write is tried again.
    private var patience: Task<Void, Never>?
    private var isClosing = false
    private var alarm: (deadline: Timestamp, task: Task<Void, Never>)?
    /// Set once the registry has let go of this show: whoever still holds it must ask the registry again.
    private var isRetired = false

    init(
        room: Room, clock: ServerClock, store: any LivestreamStore, backlogLimit: Int, relay: Relay,
        replays: ReplaySignature?, onEnded: @escaping @Sendable (StreamID) async -> Void, metrics: ServerMetrics,
        logger: Logger
    ) {
        id = room.stream.id
        self.room = room
        self.clock = clock
        self.store = store
        self.replays = replays
        self.onEnded = onEnded
        self.metrics = metrics
        backlog = WriteBacklog(limit: backlogLimit)
        relayDesk = RelayDesk(relay: relay, stream: room.stream.id)
        var logger = logger
        logger[metadataKey: "stream"] = "\(id)"
        self.logger = logger
    }

    /// The record as the room knows it: with the viewers that are there now.
    var stream: Livestream { room.stream }

    /// Takes a client in. False when this show has been let go in the meantime.
    func join(_ entrance: Entrance, connection: ClientConnection) -> Bool {
        guard !isRetired else { return false }
        let (client, role) = (entrance.client, entrance.role)
        // It is back before its former socket was known to be dead.
        if let former = connections.removeValue(forKey: client) {
            former.send(.close(.replaced))
            handle(.left(client))
        }
        departures.forget(client)
        connections[client] = connection
        metrics.clientJoined(role)
        logger.debug("\(role) joined", metadata: ["client": "\(client)"])
        handle(
            .joined(
                client, role: role, name: entrance.name, isNameGiven: entrance.isNameGiven,
                iceServers: entrance.iceServers, place: entrance.place,
                resumeToken: entrance.resumeToken))
        return true
    }

    /// `connection`: the one by which it came. Where it has come by another since, it has not left.
    func leave(_ client: ClientID, role: ClientRole, connection: ClientConnection) {
        metrics.clientLeft(role)
        guard connections[client].map({ $0.channel === connection.channel }) ?? true else { return }
        logger.debug("\(role) left", metadata: ["client": "\(client)"])
        connections[client] = nil
        departures.note(client, at: clock.now)
        handle(.left(client))
    }

    /// Whether a session may be taken up again: it is here, or went a moment ago.
    func mayResume(_ client: ClientID) -> Bool {
        connections[client] != nil || departures.contains(client, at: clock.now)
    }

    /// False, and nothing is done, when this show has been let go in the meantime.
    @discardableResult func handle(_ event: RoomEvent) -> Bool {
        guard !isRetired else { return false }
        carryOut(room.handle(event, at: clock.now, using: &generator))
        setAlarm()
        return true
    }

    nonisolated func noteRelaySessions(_ clients: [RelaySessionID: ClientID], ofStudio uplink: RelaySessionID?) {
        relaySessions.withLock { $0 = clients }
        studioUplink.withLock { $0 = uplink }
    }

    /// Whether a session of the relay is that of a studio's page.
    nonisolated func isStudio(_ session: RelaySessionID) -> Bool { studioUplink.withLock { $0 } == session }

    /// The viewer behind a session of the relay; nil for a player that came by WHEP.
    nonisolated func viewer(behind session: RelaySessionID) -> ClientID? { relaySessions.withLock { $0[session] } }

    /// True when nobody is here and nothing is pending: then this show takes nobody in any more.
    func retireIfIdle() -> Bool {
        guard room.isIdle, connections.isEmpty, backlog.count == 0, writer == nil else { return false }
        isRetired = true
        alarm?.task.cancel()
        return true
    }

    /// The livestream was deleted: everybody is sent away, and whoever comes has to ask the store.
    func retire() {
        handle(.deleted)
        isRetired = true
        alarm?.task.cancel()
        patience?.cancel()
    }

    /// Tells everybody that the server stops, and waits until what is pending is written.
    func close() async {
        for connection in connections.values { connection.send(.close(.goingAway)) }
        connections = [:]
        handle(.deadline)
        isClosing = true
        patience?.cancel()
        await writer?.value
        alarm?.task.cancel()
        if backlog.count > 0 {
            logger.error("the store is away: writes are lost", metadata: ["writes": "\(backlog.count)"])
        }
    }

    private func carryOut(_ effects: [RoomEffect]) {
        for effect in effects {
            switch effect {
            case .send(let message, let client):
                connections[client]?.send(.text(ByteBuffer(bytes: shown(message).encoded())))
            case .broadcast(let message):
                let text = ClientConnection.Output.text(ByteBuffer(bytes: shown(message).encoded()))
                for connection in connections.values { connection.send(text) }
            case .close(let client, let code):
                connections.removeValue(forKey: client)?.send(.close(code))
            case .store(let write):
                tell(backlog.add(write))
                startWriting()
            case .relay(let request):
                relayDesk.carryOut(request, for: self)
            case .viewed(let report): metrics.viewed(report)
            }
        }
    }

    /// Whoever is in the show may have its replay.
    private func shown(_ message: ServerMessage) -> ServerMessage {
        guard let replays else { return message }
        return message.naming(replay: replays.query(for: id, at: clock.now))
    }

    /// One write at a time, each taking all that has come since the one before: under load they grow, not queue.
    private func startWriting() {
        guard writer == nil else { return }
        writer = Task {
            var failures = 0
            while let batch = backlog.nextBatch() {
                failures = await write(batch) ? 0 : failures + 1
                metrics.noteBacklog(backlog.isAway ? backlog.count : 0, of: id)
                guard failures > 0 else { continue }
                if isClosing { break }
                await wait(milliseconds: min(Self.longestRetryMS, Self.firstRetryMS << min(failures - 1, 10)))
            }
            writer = nil
        }
    }

    private func wait(milliseconds: Int64) async {
        let patience = Task { _ = try? await Task.sleep(for: .milliseconds(milliseconds)) }
        self.patience = patience
        await patience.value
    }

    /// False when it must be tried again.
    private func write(_ batch: [ShowWrite]) async -> Bool {
        let stall = Task {
            guard (try? await Task.sleep(for: .milliseconds(Self.stallMS))) != nil else { return }
            noteAway("it does not answer")
            tell(backlog.didStall())
        }
        defer { stall.cancel() }
        do {
            try await store.append(batch, to: id)
        } catch .unavailable(let reason) {
            noteAway(reason)
            tell(backlog.didFail())
            return false
        } catch {
            logger.error("the store refuses writes: \(error)", metadata: ["writes": "\(batch.count)"])
            tell(backlog.didRefuse())
            return true
        }
        if backlog.isAway { logger.notice("the store is back", metadata: ["writes": "\(backlog.count)"]) }
        metrics.wrote(batch)
        log(batch)
        tell(backlog.didWrite())
        return true
    }

    private func noteAway(_ reason: String) {
        guard !backlog.isAway else { return }
        logger.error("the store is away, the show goes on: \(reason)", metadata: ["writes": "\(backlog.count)"])
    }

    private func tell(_ answers: WriteBacklog.Answers) {
        metrics.noteBacklogOverflow(backlog.overflow, of: id)
        if !answers.kept.isEmpty { handle(.kept(answers.kept)) }
        if !answers.done.isEmpty { handle(.stored(answers.done)) }
        if !answers.refused.isEmpty { handle(.notStored(answers.refused)) }
    }

    private func log(_ writes: [ShowWrite]) {
        for write in writes {
            switch write {
            case .started: logger.info("show started")
            case .ended:
                logger.info("show ended", metadata: ["likes": "\(room.stream.likes)"])
                Task { [onEnded, id] in await onEnded(id) }
            default: break
            }
        }
    }

    private func setAlarm() {
        guard let deadline = room.nextDeadline else {
            alarm?.task.cancel()
            alarm = nil
            return
        }
        guard alarm?.deadline != deadline else { return }
        alarm?.task.cancel()
        let wait = max(0, deadline.milliseconds(since: clock.now))
        let task = Task {
            do { try await Task.sleep(for: .milliseconds(wait)) } catch { return }
            alarm = nil
            handle(.deadline)
        }
        alarm = (deadline, task)
    }
}
