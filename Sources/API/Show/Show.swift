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
    nonisolated let id: StreamID
    private var room: Room
    private var connections: [ClientID: ClientConnection] = [:]
    private var generator = SystemRandomNumberGenerator()
    private let clock: ServerClock
    private let store: any LivestreamStore
    private let relayDesk: RelayDesk
    /// Who is behind which session of the relay.
    private nonisolated let relaySessions = Mutex<[RelaySessionID: ClientID]>([:])
    private let metrics: ServerMetrics
    private let logger: Logger

    /// What waits for the store, oldest first.
    private var unwritten: [ShowWrite] = []
    private var writer: Task<Void, Never>?
    private var alarm: (deadline: Timestamp, task: Task<Void, Never>)?
    /// Set once the registry has let go of this show: whoever still holds it must ask the registry again.
    private var isRetired = false

    init(
        room: Room, clock: ServerClock, store: any LivestreamStore, relay: Relay, metrics: ServerMetrics, logger: Logger
    ) {
        id = room.stream.id
        self.room = room
        self.clock = clock
        self.store = store
        self.metrics = metrics
        relayDesk = RelayDesk(relay: relay, stream: room.stream.id)
        var logger = logger
        logger[metadataKey: "stream"] = "\(id)"
        self.logger = logger
    }

    /// The record as the room knows it: with the viewers that are there now.
    var stream: Livestream { room.stream }

    /// Takes a client in. False when this show has been let go in the meantime.
    func join(
        _ client: ClientID, role: ClientRole, name: String?, iceServers: [ICEServer], connection: ClientConnection
    ) -> Bool {
        guard !isRetired else { return false }
        connections[client] = connection
        metrics.clientJoined(role)
        logger.debug("\(role) joined", metadata: ["client": "\(client)"])
        handle(.joined(client, role: role, name: name, iceServers: iceServers))
        return true
    }

    func leave(_ client: ClientID, role: ClientRole) {
        metrics.clientLeft(role)
        logger.debug("\(role) left", metadata: ["client": "\(client)"])
        connections[client] = nil
        handle(.left(client))
    }

    func handle(_ event: RoomEvent) {
        carryOut(room.handle(event, at: clock.now, using: &generator))
        setAlarm()
    }

    nonisolated func noteRelaySessions(_ clients: [RelaySessionID: ClientID]) {
        relaySessions.withLock { $0 = clients }
    }

    /// The viewer behind a session of the relay; nil for a player that came by WHEP.
    nonisolated func viewer(behind session: RelaySessionID) -> ClientID? { relaySessions.withLock { $0[session] } }

    /// Starts what the room has to do by itself, such as ending a show whose admin doesn't come back.
    func wake() {
        handle(.deadline)
    }

    /// True when nobody is here and nothing is pending: then this show takes nobody in any more.
    func retireIfIdle() -> Bool {
        guard room.isIdle, connections.isEmpty, unwritten.isEmpty, writer == nil else { return false }
        isRetired = true
        alarm?.task.cancel()
        return true
    }

    /// Tells everybody that the server stops, and waits until what is pending is written.
    func close() async {
        for connection in connections.values { connection.send(.close(.goingAway)) }
        connections = [:]
        handle(.deadline)
        await writer?.value
        alarm?.task.cancel()
    }

    private func carryOut(_ effects: [RoomEffect]) {
        for effect in effects {
            switch effect {
            case .send(let message, let client):
                connections[client]?.send(.text(ByteBuffer(bytes: message.encoded())))
            case .broadcast(let message):
                let text = ClientConnection.Output.text(ByteBuffer(bytes: message.encoded()))
                for connection in connections.values { connection.send(text) }
            case .close(let client, let code):
                connections.removeValue(forKey: client)?.send(.close(code))
            case .store(let write):
                unwritten.append(write)
            case .relay(let request):
                relayDesk.carryOut(request, for: self)
            }
        }
        if !unwritten.isEmpty, writer == nil { startWriting() }
    }

    /// One write at a time, each taking all that has come since the one before: under load they grow, not queue.
    private func startWriting() {
        writer = Task {
            while !unwritten.isEmpty {
                let batch = unwritten
                unwritten = []
                await write(batch)
            }
            writer = nil
        }
    }

    private func write(_ batch: [ShowWrite]) async {
        do {
            try await store.append(batch, to: id)
            metrics.wrote(batch)
            log(batch)
            handle(.stored(batch))
        } catch {
            logger.error("can't write to the store: \(error)", metadata: ["writes": "\(batch.count)"])
            handle(.notStored(batch))
        }
    }

    private func log(_ writes: [ShowWrite]) {
        for write in writes {
            switch write {
            case .started: logger.info("show started")
            case .ended: logger.info("show ended", metadata: ["likes": "\(room.stream.likes)"])
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
