import Testing
import Wire

@testable import Signaling

@Suite("A room with a relay")
struct RoomRelayTests {
    private func room(_ delivery: Delivery = Delivery()) -> TestRoom {
        var room = TestRoom(status: .live, delivery: delivery)
        var configuration = RoomConfiguration()
        configuration.relayIsAvailable = true
        room.room = Room(stream: room.room.stream, recentChat: [], configuration: configuration)
        return room
    }

    private func report(_ path: Path, _ state: PathReport.State) -> ClientMessage {
        .pathReport(PathReport(path: path, state: state))
    }

    @Test("tells a viewer once what his link lets through, and leaves a picture that comes and goes for that alone")
    func quality() {
        var room = room(Delivery(mode: .relay))
        let admin = room.join(.admin)
        let viewer = room.join(.customer)
        _ = room.say(.offer(to: .relay, sdp: "up"), as: admin)
        _ = room.handle(.relayAnswered(sdp: "answer"))
        #expect(room.handle(.qualityChanged(viewer, .good)).isEmpty)
        #expect(room.handle(.qualityChanged(viewer, .weak)) == [.send(.quality(.weak), to: viewer)])
        #expect(room.handle(.qualityChanged(viewer, .weak)).isEmpty)
        #expect(room.say(report(.relay, .frozen), as: viewer).isEmpty, "the relay can't do better over the same link")
        #expect(room.handle(.qualityChanged(viewer, .good)) == [.send(.quality(.good), to: viewer)])
        #expect(room.say(report(.relay, .frozen), as: viewer).contains(.relay(.invite(viewer))))
    }

    @Test("takes a viewer's link for good again with each new session, as long as nothing else is said of that")
    func qualityOfANewSession() {
        var room = room(Delivery(mode: .relay))
        let admin = room.join(.admin)
        let viewer = room.join(.customer)
        _ = room.say(.offer(to: .relay, sdp: "up"), as: admin)
        _ = room.handle(.relayAnswered(sdp: "answer"))
        _ = room.handle(.qualityChanged(viewer, .soundOnly))
        let again = room.handle(.uplinkChanged)
        #expect(again.sent(to: viewer).contains(.quality(.good)) && again.contains(.relay(.invite(viewer))))
        #expect(!room.handle(.uplinkChanged).sent(to: viewer).contains(.quality(.good)), "it has been told")
    }

    @Test("counts what viewers saw, and hears it from nobody else")
    func viewReports() {
        var room = room()
        let (admin, viewer) = (room.join(.admin), room.join(.customer))
        let report = ViewReport(seconds: 10, frames: 298, frozenMS: 0, concealedMS: 12, width: 640)
        #expect(room.say(.viewReport(report), as: viewer) == [.viewed(report)])
        #expect(room.say(.viewSize(ViewSize(width: 390, height: 219)), as: viewer).isEmpty)
        guard case .send(.error(let error), to: admin)? = room.say(.viewReport(report), as: admin).first else {
            Issue.record("an admin is no viewer")
            return
        }
        #expect(error.code == .forbidden)
    }

    @Test("asks the admin for one uplink, and offers to each relayed viewer when it stands")
    func relayOnly() {
        var room = room(Delivery(mode: .relay))
        let admin = room.join(.admin)
        let first = ClientID.random()
        let effects = room.handle(.joined(first, role: .customer, name: nil, iceServers: []))
        #expect(effects.sent(to: admin).contains(.uplinkRequested(media: true, fresh: false)))
        #expect(!effects.sent(to: admin).contains(.viewerJoined(first)))
        let second = room.join(.customer)
        #expect(!room.effects.suffix(4).contains(.send(.uplinkRequested(media: true, fresh: true), to: admin)))

        #expect(room.say(.offer(to: .relay, sdp: "up"), as: admin) == [.relay(.publish(by: admin, sdp: "up"))])
        let stands = room.handle(.relayAnswered(sdp: "answer"))
        #expect(stands.sent(to: admin) == [.answer(from: .relay, sdp: "answer")])
        #expect(stands.contains(.relay(.invite(first))) && stands.contains(.relay(.invite(second))))
        #expect(room.handle(.relayOffered(first, sdp: "down")) == [.send(.offer(from: .relay, sdp: "down"), to: first)])
        #expect(room.say(.answer(to: .relay, sdp: "a"), as: first) == [.relay(.accept(first, sdp: "a"))])
        #expect(room.say(.candidate(to: .relay, nil), as: first).isEmpty)
        #expect(room.handle(.left(first)).contains(.relay(.dismiss(first))))
    }

    @Test("tells a viewer that can't play the picture, and the admin once, in words")
    func codecNotPlayed() {
        var room = room(Delivery(mode: .relay))
        let admin = room.join(.admin)
        let viewers = (0..<2).map { _ in room.join(.customer) }
        let first = room.handle(.relayNotPlayed(viewers[0], codec: "H264"))
        let second = room.handle(.relayNotPlayed(viewers[1], codec: "H264"))
        func codes(_ effects: [RoomEffect], _ client: ClientID) -> [ErrorCode] {
            effects.sent(to: client).compactMap { if case .error(let error) = $0 { error.code } else { nil } }
        }
        #expect(codes(first, viewers[0]) == [.codecNotPlayed] && codes(second, viewers[1]) == [.codecNotPlayed])
        #expect(codes(first, admin) == [.codecNotPlayed] && codes(second, admin) == [])
    }

    @Test("serves as many directly as the show allows, and the others by relay")
    func uplinkIsFull() {
        var room = room(Delivery(mode: .auto, maxDirectViewers: 2))
        room.join(.admin)
        let viewers = (0..<4).map { _ in room.join(.customer) }
        #expect(viewers.map { room.room.members[$0]?.path } == [.direct, .direct, .relay, .relay])
        room.handle(.left(viewers[0]))
        let next = room.join(.customer)
        #expect(room.room.members[next]?.path == .direct)
        #expect(room.room.directViewers == 2)
    }

    @Test("races when a direct picture stands still: the relay wins when it shows a frame first")
    func relayWins() {
        var room = room()
        let admin = room.join(.admin)
        let viewer = room.join(.customer)
        #expect(
            room.say(report(.direct, .frozen), as: viewer).sent(to: admin) == [
                .uplinkRequested(media: true, fresh: false)
            ])
        #expect(room.say(report(.direct, .frozen), as: viewer).isEmpty)
        room.say(.offer(to: .relay, sdp: "up"), as: admin)
        #expect(room.handle(.relayAnswered(sdp: "answer")).contains(.relay(.invite(viewer))))
        #expect(room.room.members[viewer]?.path == .direct)
        #expect(room.handle(.relayAnswered(sdp: "after a reload")).contains(.relay(.invite(viewer))))
        let effects = room.say(report(.relay, .connected), as: viewer)
        #expect(effects.sent(to: admin).contains(.viewerLeft(viewer)))
        #expect(room.room.members[viewer]?.path == .relay && room.room.directViewers == 0)
    }

    @Test("and a direct picture that recovers first stays")
    func directRecovers() {
        var room = room()
        let admin = room.join(.admin)
        let viewer = room.join(.customer)
        room.say(.offer(to: .relay, sdp: "up"), as: admin)
        room.handle(.relayAnswered(sdp: "answer"))
        #expect(
            room.say(report(.direct, .frozen), as: viewer)
                == [.send(.uplinkRequested(media: true, fresh: false), to: admin), .relay(.invite(viewer))])
        let effects = room.say(report(.direct, .connected), as: viewer)
        #expect(effects.contains(.relay(.dismiss(viewer))))
        #expect(room.room.members[viewer]?.path == .direct)
        // An offer that was under way reaches nobody any more.
        #expect(room.handle(.relayOffered(viewer, sdp: "late")) == [.relay(.dismiss(viewer))])
    }

    @Test("never relays a show that is direct only")
    func directOnly() {
        var room = room(Delivery(mode: .direct, maxDirectViewers: 0))
        let admin = room.join(.admin)
        let viewer = room.join(.customer)
        #expect(room.room.members[viewer]?.path == .direct)
        room.pass(milliseconds: 10_000)
        let effects = room.say(report(.direct, .frozen), as: viewer)
        #expect(effects.sent(to: admin).contains(.viewerJoined(viewer)))
        #expect(!effects.sent(to: admin).contains(.uplinkRequested(media: true, fresh: true)))
    }

    @Test("asks for the uplink again when it is gone while somebody needs it")
    func uplinkEnds() {
        var room = room(Delivery(mode: .relay))
        let admin = room.join(.admin)
        let viewer = room.join(.customer)
        room.say(.offer(to: .relay, sdp: "up"), as: admin)
        room.handle(.relayAnswered(sdp: "answer"))
        #expect(room.handle(.uplinkEnded) == [.send(.uplinkRequested(media: true, fresh: true), to: admin)])
        #expect(room.handle(.relayAnswered(sdp: "again")).contains(.relay(.invite(viewer))))
        room.say(.endStream, as: admin)
        #expect(room.effects.contains(.relay(.dismiss(viewer))))
        #expect(room.handle(.uplinkEnded).isEmpty)
    }

    @Test("has the uplink stand from going live on, and its media flow only while somebody needs it")
    func warmUplink() {
        var room = TestRoom()
        var configuration = RoomConfiguration()
        configuration.relayIsAvailable = true
        room.room = Room(stream: room.room.stream, recentChat: [], configuration: configuration)
        let admin = room.join(.admin)
        let viewer = room.join(.customer)
        #expect(room.say(.startStream, as: admin).sent(to: admin).contains(.uplinkRequested(media: false, fresh: true)))
        room.say(.offer(to: .relay, sdp: "up"), as: admin)
        room.handle(.relayAnswered(sdp: "answer"))
        let race = room.say(report(.direct, .frozen), as: viewer)
        #expect(race == [.send(.uplinkRequested(media: true, fresh: false), to: admin), .relay(.invite(viewer))])
        room.say(report(.direct, .connected), as: viewer)
        room.effects = []
        room.pass(milliseconds: 29_000)
        #expect(!room.effects.contains(.send(.uplinkRequested(media: false, fresh: false), to: admin)))
        room.pass(milliseconds: 2_000)
        #expect(room.effects.contains(.send(.uplinkRequested(media: false, fresh: false), to: admin)))

        var record = room.room.stream
        record.delivery = Delivery(mode: .direct)
        #expect(room.handle(.recordChanged(record)).sent(to: admin).contains(.uplinkReleased))
    }

    @Test("tries the direct way once more, and leaves it after two lost races")
    func twoLostRaces() {
        var room = room()
        let admin = room.join(.admin)
        let viewer = room.join(.customer)
        room.say(.offer(to: .relay, sdp: "up"), as: admin)
        room.handle(.relayAnswered(sdp: "answer"))
        room.say(report(.direct, .failed), as: viewer)
        room.say(report(.relay, .connected), as: viewer)
        #expect(room.room.members[viewer]?.lostRaces == 1)
        room.effects = []
        room.pass(milliseconds: 31_000)
        #expect(room.effects.contains(.send(.viewerJoined(viewer), to: admin)))
        #expect(!room.effects.contains(.relay(.dismiss(viewer))), "the relay goes on meanwhile")
        room.say(report(.relay, .connected), as: viewer)
        room.effects = []
        room.pass(milliseconds: 6_000)
        #expect(room.effects.contains(.send(.viewerLeft(viewer), to: admin)))
        room.effects = []
        room.pass(milliseconds: 300_000)
        #expect(!room.effects.contains(.send(.viewerJoined(viewer), to: admin)))
        #expect(room.room.members[viewer]?.path == .relay)
    }

    @Test("goes back to the direct way when that shows a frame at the second try")
    func directComesBack() {
        var room = room()
        let admin = room.join(.admin)
        let viewer = room.join(.customer)
        room.say(.offer(to: .relay, sdp: "up"), as: admin)
        room.handle(.relayAnswered(sdp: "answer"))
        room.say(report(.direct, .failed), as: viewer)
        room.say(report(.relay, .connected), as: viewer)
        room.pass(milliseconds: 31_000)
        #expect(room.say(report(.direct, .connected), as: viewer).contains(.relay(.dismiss(viewer))))
        #expect(room.room.members[viewer]?.path == .direct && room.room.relayUsers == 0)
    }

    @Test("starts with an encoder, serves everybody by relay, and waits for it as for an admin")
    func encoder() {
        var room = TestRoom()
        var configuration = RoomConfiguration()
        configuration.relayIsAvailable = true
        room.room = Room(stream: room.room.stream, recentChat: [], configuration: configuration)
        let viewer = room.join(.customer)
        let effects = room.handle(.encoderStarted)
        #expect(room.room.stream.status == .live)
        #expect(effects.contains(.relay(.invite(viewer))))
        room.pass(milliseconds: 60_000)
        #expect(room.room.stream.status == .live)
        room.handle(.uplinkEnded)
        room.pass(milliseconds: 31_000)
        #expect(room.room.stream.status == .ended)
    }
}
