import Testing
import Wire

@testable import Signaling

@Suite("A room")
struct RoomTests {
    @Test("counts the customers that have joined, and tells everybody")
    func viewerCount() {
        var room = TestRoom()
        let admin = room.join(.admin)
        let customers = (0..<3).map { _ in room.join(.customer) }
        room.pass(milliseconds: 200)
        #expect(room.room.stream.viewerCount == 3)
        let left = room.handle(.left(customers[0]))
        #expect(left.broadcasts == [.streamUpdate(StreamUpdate(likes: 0, viewerCount: 2, peakViewerCount: 3))])
        room.handle(.left(admin))
        #expect(room.room.stream.viewerCount == 2)
    }

    @Test("starts when the start is stored, not before, and offers every customer to the admin")
    func start() {
        var room = TestRoom()
        room.storesAtOnce = false
        let (admin, customer) = (room.join(.admin), room.join(.customer))
        #expect(room.say(.startStream, as: admin) == [.store(.started(at: room.now))])
        #expect(room.room.stream.status == .scheduled)
        #expect(room.say(.startStream, as: admin).errors == [.alreadyLive])
        let effects = room.handle(.stored([.started(at: room.now)]))
        #expect(effects.broadcasts.contains(.streamStarted(room.room.stream)))
        #expect(effects.sent(to: admin).contains(.viewerJoined(customer)))
        #expect(room.room.stream.status == .live)
        #expect(room.room.stream.startedAt == room.now)
    }

    @Test("says so when a start could not be stored, and lets it be tried again")
    func startFails() {
        var room = TestRoom()
        room.storesAtOnce = false
        let admin = room.join(.admin)
        room.say(.startStream, as: admin)
        #expect(room.handle(.notStored([.started(at: room.now)])).errors == [.unavailable])
        #expect(room.say(.startStream, as: admin) == [.store(.started(at: room.now))])
    }

    @Test("only the admin starts and ends, and only what can be started and ended")
    func startAndEndRules() {
        var room = TestRoom()
        let (admin, customer) = (room.join(.admin), room.join(.customer))
        #expect(room.say(.startStream, as: customer).errors == [.forbidden])
        #expect(room.say(.endStream, as: admin).errors == [.notLive])
        room.say(.startStream, as: admin)
        #expect(room.say(.endStream, as: customer).errors == [.forbidden])
        let effects = room.say(.endStream, as: admin)
        #expect(effects.broadcasts.contains(.streamEnded(room.room.stream)))
        #expect(room.say(.startStream, as: admin).errors == [.streamEnded])
    }

    @Test("delivers an offer, an answer and candidates to exactly the peer they are for")
    func forwarding() {
        var room = TestRoom(status: .live)
        let admin = room.join(.admin)
        let (ada, bob) = (room.join(.customer), room.join(.customer))
        let candidate = ICECandidate(candidate: "candidate:1", sdpMid: "0", sdpMLineIndex: 0)
        #expect(
            room.say(.offer(to: .client(ada), sdp: "o"), as: admin)
                == [.send(.offer(from: .client(admin), sdp: "o"), to: ada)])
        #expect(
            room.say(.answer(to: .client(admin), sdp: "a"), as: bob)
                == [.send(.answer(from: .client(bob), sdp: "a"), to: admin)])
        #expect(
            room.say(.candidate(to: .client(admin), candidate), as: ada)
                == [.send(.candidate(from: .client(ada), candidate), to: admin)])
        #expect(
            room.say(.candidate(to: .client(bob), nil), as: admin)
                == [.send(.candidate(from: .client(admin), nil), to: bob)])
    }

    @Test("delivers nothing to anybody else's viewer, to another customer, or to a relay that isn't there")
    func forbiddenForwarding() {
        var room = TestRoom(status: .live)
        let admin = room.join(.admin)
        let (ada, bob) = (room.join(.customer), room.join(.customer))
        let elsewhere = ClientID.random()
        let attempts: [(ClientMessage, ClientID)] = [
            (.offer(to: .client(elsewhere), sdp: "o"), admin), (.offer(to: .relay, sdp: "o"), admin),
            (.answer(to: .client(ada), sdp: "a"), admin), (.offer(to: .client(admin), sdp: "o"), ada),
            (.answer(to: .client(bob), sdp: "a"), ada), (.candidate(to: .client(bob), nil), ada),
            (.candidate(to: .client(ada), nil), ada), (.answer(to: .client(elsewhere), sdp: "a"), ada),
        ]
        for (message, client) in attempts {
            let effects = room.say(message, as: client)
            #expect(effects.count == 1 && effects.errors == [.forbidden], "\(message)")
        }
    }

    @Test("a second admin takes over, and is given the viewers")
    func takeover() {
        var room = TestRoom(status: .live)
        let first = room.join(.admin)
        let customer = room.join(.customer)
        let second = ClientID.random()
        let effects = room.handle(.joined(second, role: .admin, name: nil, iceServers: []))
        #expect(effects.contains(.close(first, .replaced)))
        #expect(effects.errors == [.replaced])
        #expect(effects.sent(to: second).contains(.viewerJoined(customer)))
        #expect(room.handle(.left(first)).isEmpty)
        #expect(room.say(.answer(to: .client(first), sdp: "a"), as: customer).errors == [.forbidden])
        #expect(room.say(.answer(to: .client(second), sdp: "a"), as: customer).errors.isEmpty)
    }

    @Test("goes on without its admin for a while, and ends when nobody comes back")
    func grace() {
        var room = TestRoom(status: .live)
        let admin = room.join(.admin)
        room.join(.customer)
        room.handle(.left(admin))
        room.pass(milliseconds: 29_000)
        #expect(room.room.stream.status == .live)
        let back = room.join(.admin)
        room.pass(milliseconds: 60_000)
        #expect(room.room.stream.status == .live)
        room.handle(.left(back))
        let effects = room.pass(milliseconds: 30_000)
        #expect(effects.broadcasts.contains(.streamEnded(room.room.stream)))
        #expect(room.room.stream.status == .ended)
    }

    @Test("a show that was live when the server stopped ends too when its admin stays away")
    func graceAfterRestart() {
        var room = TestRoom(status: .live)
        room.handle(.deadline)
        room.pass(milliseconds: 31_000)
        #expect(room.room.stream.status == .ended)
    }

    @Test("speaks of a chat message once it is stored, in the order in which it was said")
    func chat() {
        var room = TestRoom(status: .live)
        let customer = room.join(.customer, name: "  Ada\u{202E}  Lovelace ")
        room.storesAtOnce = false
        room.pass(milliseconds: 1_500)
        #expect(room.say(.chat(text: "one"), as: customer).broadcasts.isEmpty)
        room.say(.chat(text: "two"), as: customer)
        let told = room.handle(.stored(room.unstored)).broadcasts
        let messages = told.compactMap { if case .chatMessage(let message) = $0 { message } else { nil } }
        #expect(messages.map(\.text) == ["one", "two"])
        #expect(messages.map(\.name) == ["Ada Lovelace", "Ada Lovelace"])
        #expect(messages.map(\.atMS) == [1_500, 1_500])
    }

    @Test("tells the author when a chat message could not be stored, and nobody else")
    func chatNotStored() {
        var room = TestRoom(status: .live)
        let (ada, bob) = (room.join(.customer), room.join(.customer))
        room.pass(milliseconds: 1_000)
        room.storesAtOnce = false
        room.say(.chat(text: "lost"), as: ada)
        let effects = room.handle(.notStored(room.unstored))
        #expect(effects.errors == [.unavailable])
        #expect(effects.sent(to: bob).isEmpty && effects.broadcasts.isEmpty)
    }

    @Test("takes five messages at once and then one a second, of customers but not of the admin")
    func chatRate() {
        var room = TestRoom(status: .live)
        let (admin, customer) = (room.join(.admin), room.join(.customer))
        let errors = (0..<7).map { room.say(.chat(text: "\($0)"), as: customer).errors }
        #expect(errors == Array(repeating: [], count: 5) + [[.rateLimited], [.rateLimited]])
        room.pass(milliseconds: 1_000)
        #expect(room.say(.chat(text: "later"), as: customer).errors.isEmpty)
        for number in 0..<50 { #expect(room.say(.chat(text: "\(number)"), as: admin).errors.isEmpty) }
    }

    @Test("counts twenty likes at once and then ten a second, and answers a flood with few errors")
    func likeRate() {
        var room = TestRoom(status: .live)
        let (eager, other) = (room.join(.customer), room.join(.customer))
        let errors = (0..<200).flatMap { _ in room.say(.like, as: eager).errors }
        #expect(errors == Array(repeating: .rateLimited, count: 40))
        #expect(room.say(.like, as: other).errors.isEmpty)
        room.pass(milliseconds: 1_000)
        #expect(room.room.stream.likes == 21)
        for _ in 0..<15 { room.say(.like, as: eager) }
        room.pass(milliseconds: 1_000)
        #expect(room.room.stream.likes == 31)
    }

    @Test("stores the same likes under the same name when the store was away, and counts them once")
    func likesNotStored() throws {
        var room = TestRoom(status: .live)
        let customer = room.join(.customer)
        room.pass(milliseconds: 1_000)
        room.storesAtOnce = false
        room.say(.like, as: customer)
        let first = room.unstored
        #expect(first.count == 1)
        room.unstored = []
        room.handle(.notStored(first))
        room.say(.like, as: customer)
        room.pass(milliseconds: 2_000)
        #expect(room.unstored == first)
        room.unstored = []
        room.handle(.stored(first))
        #expect(room.room.stream.likes == 1)
        room.pass(milliseconds: 1_000)
        room.handle(.stored(room.unstored))
        #expect(room.room.stream.likes == 2)
    }

    @Test("asks for a new offer when a path fails, but not again and again")
    func pathReports() {
        var room = TestRoom(status: .live)
        let admin = room.join(.admin)
        let customer = room.join(.customer)
        let failed = ClientMessage.pathReport(PathReport(path: .direct, state: .failed))
        #expect(room.say(failed, as: customer).isEmpty)
        room.pass(milliseconds: 2_000)
        #expect(room.say(failed, as: customer).sent(to: admin).contains(.viewerJoined(customer)))
        #expect(room.say(failed, as: customer).isEmpty)
        #expect(room.say(failed, as: admin).errors == [.forbidden])
        let connected = ClientMessage.pathReport(PathReport(path: .direct, state: .connected))
        #expect(
            room.say(connected, as: customer).sent(to: admin)
                == [.pathSelected(viewer: customer, path: .direct, reason: "connected")])
    }

    @Test("never tries a viewer directly when the show is for the relay only")
    func relayOnly() {
        var room = TestRoom(status: .live, delivery: Delivery(mode: .relay))
        let admin = room.join(.admin)
        let customer = ClientID.random()
        let effects = room.handle(.joined(customer, role: .customer, name: nil, iceServers: []))
        #expect(effects.errors == [.unavailable])
        #expect(effects.sent(to: admin).isEmpty)
    }

    @Test("tells who joins what is pinned and what was said last")
    func lateJoiner() throws {
        var room = TestRoom(status: .live)
        let admin = room.join(.admin)
        let price = try #require(Price(amount: "1", currency: "EUR"))
        let mug = Product(id: .random(), title: "Mug", price: price, pins: [Pin(atMS: 0)])
        var record = room.room.stream
        record.pinnedProducts = [mug]
        #expect(room.handle(.recordChanged(record)).broadcasts == [.productPinned(mug)])
        #expect(room.handle(.recordChanged(record)).isEmpty, "nothing has changed")
        for number in 0..<60 { room.say(.chat(text: "\(number)"), as: admin) }
        let customer = ClientID.random()
        let effects = room.handle(.joined(customer, role: .customer, name: nil, iceServers: []))
        guard case .joined(let joined) = try #require(effects.sent(to: customer).first) else {
            Issue.record("the first message is joined")
            return
        }
        #expect(joined.stream.pinnedProducts == [mug])
        #expect(joined.chat.map(\.text) == (10..<60).map { "\($0)" })
        record.pinnedProducts = []
        #expect(room.handle(.recordChanged(record)).broadcasts == [.productUnpinned(mug.id)])
    }

    @Test("gives nobody the host's name, or one that can't be seen, and keeps what scripts need")
    func names() {
        var room = TestRoom()
        func shown(_ name: String, _ role: ClientRole = .customer) -> String? {
            let client = room.join(role, name: name)
            return room.room.members[client]?.name
        }
        for host in ["Host", "host", " HOST ", "H\u{200B}ost", "Ｈｏｓｔ", "Нost", "Hоѕt", "H0st", "H-o-s-t", "Hóst"] {
            #expect(shown(host) == "Guest", "\(host)")
        }
        #expect(shown("Host", .admin) == "Host" && shown("", .admin) == "Host")
        for blank in ["", "  ", "\u{200B}\u{2060}", "\u{3164}", "\u{2800}", "\u{202E}", "\u{FE0F}"] {
            #expect(shown(blank) == "Guest")
        }
        #expect(shown("Vitrine\u{200B}") == "Vitrine" && shown("Ada\u{202E}gnp") == "Adagnp")
        #expect(shown("👩‍🚀 Ripley") == "👩‍🚀 Ripley", "joined emoji")
        #expect(shown("می‌خواهم") == "می‌خواهم", "Persian needs its joiner")
        #expect(shown("Zoe\u{0308}")?.unicodeScalars.count == 4)
        #expect(shown("Ghost") == "Ghost" && shown("Hostess") == "Hostess")
    }

    @Test("forgets a name in whatever spelling looks the same")
    func erasedSpellings() {
        for (said, erased) in [("Zoë", "Zoe\u{0308}"), ("ADA", "ada"), ("A B", "A\u{200B} B"), ("Straße", "STRASSE")] {
            var room = TestRoom()
            let client = room.join(.customer, name: said)
            room.say(.chat(text: "hello"), as: client)
            room.handle(.nameErased(erased))
            #expect(room.room.recentChat[0].name == "Guest" || said == "Straße", "\(said)")
        }
    }

    @Test("sends everybody away when the livestream is deleted, and is idle then")
    func deleted() {
        var room = TestRoom()
        let clients = [room.join(.admin), room.join(.customer)]
        let effects = room.handle(.deleted)
        for client in clients { #expect(effects.contains(.close(client, .streamDeleted))) }
        #expect(room.room.isIdle)
    }

    @Test("takes in no more customers than it may, but always the admin")
    func full() {
        var room = TestRoom()
        var configuration = RoomConfiguration()
        configuration.maximumMembers = 2
        room.room = Room(stream: room.room.stream, recentChat: [], configuration: configuration)
        room.join(.customer)
        room.join(.customer)
        let late = ClientID.random()
        let effects = room.handle(.joined(late, role: .customer, name: nil, iceServers: []))
        #expect(effects.errors == [.unavailable])
        #expect(effects.contains(.close(late, .full)))
        room.join(.admin)
        #expect(room.room.admin != nil)
    }
}
