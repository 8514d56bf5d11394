import TestSupport
import Wire

@testable import Signaling

/// A room in virtual time, whose writes are done at once unless a test holds them back.
struct TestRoom {
    var room: Room
    var now = Timestamp(milliseconds: 1_000_000)
    var generator = SeededGenerator(seed: 1)
    var storesAtOnce = true
    /// What the room wants stored and nobody has answered yet.
    var unstored: [ShowWrite] = []
    var effects: [RoomEffect] = []

    init(status: Livestream.Status = .scheduled, delivery: Delivery = Delivery(), relays: Bool = false) {
        var stream = Livestream(
            id: .random(), title: "Show", createdAt: Timestamp(milliseconds: 0), delivery: delivery)
        stream.status = status
        if status != .scheduled { stream.startedAt = now }
        var configuration = RoomConfiguration()
        configuration.relayIsAvailable = relays
        room = Room(stream: stream, recentChat: [], configuration: configuration)
    }

    /// As a restarted server brings it back.
    init(stream: Livestream, recentChat: [ChatMessage]) {
        room = Room(stream: stream, recentChat: recentChat, configuration: RoomConfiguration())
        generator = SeededGenerator(seed: 2)
    }

    /// What the room wants done about this, the consequences of its writes included.
    @discardableResult
    mutating func handle(_ event: RoomEvent) -> [RoomEffect] {
        var all = room.handle(event, at: now, using: &generator)
        var fresh = all
        while true {
            unstored += fresh.compactMap { if case .store(let write) = $0 { write } else { nil } }
            guard storesAtOnce, !unstored.isEmpty else { break }
            let writes = unstored
            unstored = []
            fresh = room.handle(.stored(writes), at: now, using: &generator)
            all += fresh
        }
        effects += all
        return all
    }

    /// Lets time pass, with every deadline met in its time.
    @discardableResult
    mutating func pass(milliseconds: Int64) -> [RoomEffect] {
        let end = now.advanced(byMilliseconds: milliseconds)
        var all: [RoomEffect] = []
        while let deadline = room.nextDeadline, deadline <= end {
            now = max(now, deadline)
            all += handle(.deadline)
        }
        now = end
        return all
    }

    @discardableResult
    mutating func join(_ role: ClientRole, name: String? = nil, place: PlaceWish = .take) -> ClientID {
        let client = ClientID(using: &generator)
        handle(.joined(client, role: role, name: name, iceServers: [], place: place))
        return client
    }

    @discardableResult
    mutating func say(_ message: ClientMessage, as client: ClientID) -> [RoomEffect] {
        handle(.message(client, message))
    }
}

extension [RoomEffect] {
    /// What this client is told alone.
    func sent(to client: ClientID) -> [ServerMessage] {
        compactMap { if case .send(let message, client) = $0 { message } else { nil } }
    }

    var broadcasts: [ServerMessage] {
        compactMap { if case .broadcast(let message) = $0 { message } else { nil } }
    }

    var errors: [ErrorCode] {
        compactMap { if case .send(.error(let error), _) = $0 { error.code } else { nil } }
    }
}
