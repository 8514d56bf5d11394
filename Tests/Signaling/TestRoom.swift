import Wire

@testable import Signaling

/// A seeded generator, so that a failure can be seen again (Steele, Lea and Flood: SplitMix).
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// A room in virtual time, whose writes are done at once unless a test holds them back.
struct TestRoom {
    var room: Room
    var now = Timestamp(milliseconds: 1_000_000)
    var generator = SplitMix64(state: 1)
    var storesAtOnce = true
    /// What the room wants stored and nobody has answered yet.
    var unstored: [ShowWrite] = []
    var effects: [RoomEffect] = []

    init(status: Livestream.Status = .scheduled, delivery: Delivery = Delivery()) {
        var stream = Livestream(
            id: .random(), title: "Show", createdAt: Timestamp(milliseconds: 0), delivery: delivery)
        stream.status = status
        if status != .scheduled { stream.startedAt = now }
        room = Room(stream: stream, recentChat: [], configuration: RoomConfiguration())
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
    mutating func join(_ role: ClientRole, name: String? = nil) -> ClientID {
        let client = ClientID(using: &generator)
        handle(.joined(client, role: role, name: name, iceServers: []))
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
