import Benchmark

@testable import Rigs
@testable import Signaling
@testable import Wire

/// The way of a message.
func registerMessages() {
    Station(
        name: "message: a chat line in a room of 1,000, to its bytes",
        setup: { RoomState(clients: 1_000) },
        body: { state in for number in 0..<1_000 { state.chat(by: number) } }
    ).register()
    Station(
        name: "message: decode a chat line",
        setup: { Array(#"{"type":"chat","text":"Is this one still there in size M? 🙂"}"#.utf8) },
        body: { (bytes: [UInt8]) in for _ in 0..<1_000 { blackHole(try? ClientMessage.decode(bytes)) } }
    ).register()
    Station(
        name: "message: encode a chat line",
        setup: {
            ServerMessage.chatMessage(
                ChatMessage(
                    id: .random(), name: "Ada", text: "Is this one still there in size M? 🙂",
                    at: Timestamp(milliseconds: 1_000), atMS: 1_000, role: .customer))
        },
        body: { (message: ServerMessage) in for _ in 0..<1_000 { blackHole(message.encoded()) } }
    ).register()
}

/// A live show's room with everybody in it, whose writes are done at once.
private final class RoomState {
    private var room: Room
    private var now = Timestamp(milliseconds: 1_000_000)
    private var generator = SystemRandomNumberGenerator()
    private var clients: [ClientID] = []

    init(clients count: Int) {
        var stream = Livestream(
            id: .random(), title: "Show", createdAt: Timestamp(milliseconds: 0), delivery: Delivery())
        stream.status = .live
        stream.startedAt = now
        room = Room(stream: stream, recentChat: [], configuration: RoomConfiguration())
        for number in 0..<count {
            let client = ClientID(using: &generator)
            clients.append(client)
            handle(.joined(client, role: number == 0 ? .admin : .customer, name: "Ada", iceServers: []))
        }
    }

    /// One line, stored and encoded for everybody.
    func chat(by number: Int) {
        now = now.advanced(byMilliseconds: 2)
        let effects = handle(.message(clients[number % clients.count], .chat(text: "Is this one still there?")))
        precondition(effects > 0, "nobody was told")
    }

    /// How many messages to everybody came of it.
    @discardableResult
    private func handle(_ event: RoomEvent) -> Int {
        var broadcasts = 0
        var effects = room.handle(event, at: now, using: &generator)
        while !effects.isEmpty {
            var writes: [ShowWrite] = []
            for effect in effects {
                switch effect {
                case .broadcast(let message):
                    broadcasts += 1
                    blackHole(message.encoded())
                case .store(let write): writes.append(write)
                default: break
                }
            }
            effects = writes.isEmpty ? [] : room.handle(.stored(writes), at: now, using: &generator)
        }
        return broadcasts
    }
}
