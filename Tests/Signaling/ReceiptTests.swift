import Testing
import Wire

@testable import Signaling

@Suite("What is sent again")
struct ReceiptTests {
    private static func said(_ text: String = "hello", named name: String = "m-1") -> ClientMessage {
        .chat(text: text, name: name)
    }

    @Test("is one message, and acknowledged each time, once it is in the store")
    func chat() {
        var room = TestRoom()
        let ada = room.join(.customer, name: "Ada")
        let effects = room.say(Self.said(), as: ada)
        #expect(effects.broadcasts.count == 1)
        #expect(!effects.sent(to: ada).contains { $0.isReceipt }, "announced is not stored")
        let message = effects.chat[0]
        #expect(room.handle(.kept([.chat(message)])).sent(to: ada) == [.chatAccepted(name: "m-1", id: message.id)])
        let again = room.say(Self.said(), as: ada)
        #expect(again == [.send(.chatAccepted(name: "m-1", id: message.id), to: ada)])
    }

    @Test("is one message when it comes by another socket while the first is being stored")
    func otherSocket() {
        var room = TestRoom()
        room.storesAtOnce = false
        let first = room.join(.customer, name: "Ada")
        room.say(Self.said(), as: first)
        room.handle(.left(first))
        let second = room.join(.customer, name: "Ada")
        #expect(room.say(Self.said(), as: second).isEmpty)
        let writes = room.unstored
        #expect(writes.count { if case .chat = $0 { true } else { false } } == 1)
        room.handle(.stored(writes))
        #expect(room.handle(.kept(writes)).sent(to: second).count { $0.isReceipt } == 1)
    }

    @Test("is one message after a restart of the server, as the store has it already")
    func restart() {
        var room = TestRoom()
        let message = room.say(Self.said(), as: room.join(.customer, name: "Ada")).chat[0]
        var later = TestRoom(stream: room.room.stream, recentChat: [message])
        let ada = later.join(.customer, name: "Ada")
        #expect(later.say(Self.said(), as: ada) == [.send(.chatAccepted(name: "m-1", id: message.id), to: ada)])
    }

    @Test("is not taken for somebody else's, nor for another text")
    func others() {
        var room = TestRoom()
        let (ada, bob) = (room.join(.customer, name: "Ada"), room.join(.customer, name: "Bob"))
        let ids = [(ada, "hello"), (bob, "hello"), (ada, "bye")].flatMap { client, text in
            room.say(Self.said(text), as: client).chat.map(\.id)
        }
        #expect(Set(ids).count == 3)
    }

    @Test("may be sent again when it could not be stored, which is said by its name")
    func refused() {
        var room = TestRoom()
        room.storesAtOnce = false
        let ada = room.join(.customer, name: "Ada")
        room.say(Self.said(), as: ada)
        let writes = room.unstored
        room.unstored = []
        guard case .send(.error(let error), ada)? = room.handle(.notStored(writes)).first else {
            Issue.record("it isn't said")
            return
        }
        #expect(error.code == .unavailable && error.about == "m-1")
        #expect(room.say(Self.said(), as: ada).count == 1)
    }

    @Test("is not brought back after it was removed")
    func removed() {
        var room = TestRoom()
        let ada = room.join(.customer, name: "Ada")
        let message = room.say(Self.said(), as: ada).chat[0]
        room.handle(.kept([.chat(message)]))
        room.handle(.chatRemoved(message.id))
        #expect(room.say(Self.said(), as: ada).broadcasts.isEmpty)
    }

    @Test("counts once, as likes do in batches")
    func likes() {
        var room = TestRoom()
        let ada = room.join(.customer)
        let effects = room.say(.likes(count: 7, batch: "b-1"), as: ada)
        #expect(room.room.stream.likes == 7)
        let writes = effects.compactMap { if case .store(let write) = $0 { write } else { nil } }
        #expect(room.handle(.kept(writes)).sent(to: ada).contains(.likesAccepted(name: "b-1")))
        #expect(room.say(.likes(count: 7, batch: "b-1"), as: ada).contains(.send(.likesAccepted(name: "b-1"), to: ada)))
        room.pass(milliseconds: 1_000)
        #expect(room.room.stream.likes == 7)
        #expect(room.say(.likes(count: 20, batch: "b-2"), as: ada).errors == [.rateLimited])
    }

    @Test("is remembered up to a limit, the newest of it")
    func limit() {
        var receipts = Receipts(chat: [], likes: [])
        let client = ClientID.random()
        let ids = (0..<6_000).map { MessageID(of: ["\($0)"]) }
        for id in ids {
            #expect(receipts.admit(id, from: client, named: "m") == .new)
            _ = receipts.keep(id)
        }
        #expect(receipts.admit(ids[5_999], from: client, named: "m") == .stored)
        #expect(receipts.admit(ids[1_001], from: client, named: "m") == .stored)
        #expect(receipts.admit(ids[999], from: client, named: "m") == .new)
        #expect(!receipts.isSettled)
    }

    @Test("has a name that depends on every word, and where each ends")
    func digest() {
        let names = [["a", "bc"], ["ab", "c"], ["abc"], ["a", "bc", ""]].map { MessageID(of: $0) }
        #expect(Set(names).count == 4 && names.allSatisfy { $0.text.count == 22 })
        #expect(MessageID(of: ["a", "bc"]) == names[0])
    }
}

extension ServerMessage {
    fileprivate var isReceipt: Bool {
        switch self {
        case .chatAccepted, .likesAccepted: true
        default: false
        }
    }
}

extension [RoomEffect] {
    fileprivate var chat: [ChatMessage] {
        broadcasts.compactMap { if case .chatMessage(let message) = $0 { message } else { nil } }
    }
}
