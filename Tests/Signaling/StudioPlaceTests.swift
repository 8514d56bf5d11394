import TestSupport
import Testing
import Wire

@testable import Signaling

@Suite("Who broadcasts")
struct StudioPlaceTests {
    private static func live(with admin: inout ClientID?, encoder: Bool = false) -> TestRoom {
        var room = TestRoom(relays: true)
        if encoder {
            room.handle(.encoderStarted)
            room.handle(.uplinkShown(ofStudio: false))
        } else {
            let client = room.join(.admin)
            room.say(.startStream, as: client)
            admin = client
        }
        return room
    }

    @Test("is not who opens the studio of a show that is on air, until he takes over")
    func onlooker() {
        var host: ClientID?
        var room = Self.live(with: &host)
        let customer = room.join(.customer)
        let helper = room.join(.admin, place: .none)
        #expect(room.room.admin == host)
        #expect(room.effects.sent(to: helper).allSatisfy { !$0.isAboutMedia })
        #expect(room.say(.offer(to: .client(customer), sdp: "v=0"), as: helper).errors == [.forbidden])
        #expect(room.say(.offer(to: .relay, sdp: "v=0"), as: helper).errors == [.forbidden])
        #expect(room.say(.chat(text: "hello"), as: helper).broadcasts.count == 1)
        room.handle(.left(helper))
        room.pass(milliseconds: 60_000)
        #expect(room.room.stream.status == .live)

        let other = room.join(.admin, place: .none)
        let effects = room.say(.takeOver, as: other)
        #expect(effects.contains(.close(host!, .replaced)))
        #expect(effects.sent(to: other).contains(.viewerJoined(customer)))
        #expect(
            effects.sent(to: other).contains(.placeChanged(PlaceNews(hasPlace: true, broadcaster: .studio))))
    }

    @Test("is a page that was broadcasting and comes back, unless somebody else has taken over")
    func comingBack() {
        var host: ClientID?
        var room = Self.live(with: &host)
        room.handle(.left(host!))
        #expect(room.room.stream.broadcaster == nil)
        let back = room.join(.admin, place: .ifFree)
        #expect(room.room.admin == back && room.room.stream.broadcaster == .studio)
        let second = room.join(.admin, place: .ifFree)
        #expect(room.room.admin == back && room.room.stream.status == .live)
        room.handle(.left(back))
        #expect(room.room.admin == nil, "nobody inherits the place")
        room.say(.takeOver, as: second)
        #expect(room.room.admin == second)
    }

    @Test("is whoever starts, of several who had opened the studio before")
    func starting() {
        var room = TestRoom(relays: true)
        let (first, second) = (room.join(.admin), room.join(.admin, place: .none))
        let effects = room.say(.startStream, as: second)
        #expect(room.room.admin == second && room.room.members[first] != nil)
        #expect(effects.sent(to: first).contains(.placeChanged(PlaceNews(hasPlace: false, broadcaster: .studio))))
        #expect(room.say(.endStream, as: first).broadcasts.contains(.streamEnded(room.room.stream)))
    }

    @Test("is an encoder as soon as its media have come, and nobody when it has left")
    func encoder() {
        var host: ClientID?
        var room = Self.live(with: &host)
        let customer = room.join(.customer)
        room.handle(.encoderStarted)
        #expect(room.room.admin == host && room.room.stream.broadcaster == .studio, "an offer is no picture")
        let effects = room.handle(.uplinkShown(ofStudio: false))
        #expect(effects.sent(to: host!).contains(.placeChanged(PlaceNews(hasPlace: false, broadcaster: .encoder))))
        #expect(room.room.members[customer]?.path == .relay)
        let after = room.handle(.uplinkEnded)
        #expect(after.sent(to: host!).allSatisfy { !$0.isAboutMedia }, "nobody goes on air unasked")
        #expect(room.room.stream.broadcaster == nil)
        room.pass(milliseconds: 31_000)
        #expect(room.room.stream.status == .ended)
    }

    @Test("is a page in an encoder's place when the page's media have come")
    func takingOverFromEncoder() {
        var nobody: ClientID?
        var room = Self.live(with: &nobody, encoder: true)
        #expect(room.room.stream.broadcaster == .encoder)
        let page = room.join(.admin, place: .none)
        let effects = room.say(.takeOver, as: page)
        #expect(effects.sent(to: page).contains(.uplinkRequested(media: true, fresh: true)))
        #expect(room.room.stream.broadcaster == .encoder)
        room.handle(.uplinkShown(ofStudio: true))
        #expect(room.room.stream.broadcaster == .studio && room.room.admin == page)
    }

    @Test("gives the place up when it is left on purpose: then the grace begins")
    func leaving() {
        var host: ClientID?
        var room = Self.live(with: &host)
        room.say(.leavePlace, as: host!)
        #expect(room.room.stream.broadcaster == nil)
        room.pass(milliseconds: 31_000)
        #expect(room.room.stream.status == .ended)
    }

    @Test("has the uplink flow for players that came by an offer of their own")
    func players() {
        var host: ClientID?
        var room = Self.live(with: &host)
        let effects = room.handle(.playersChanged(1))
        #expect(effects.sent(to: host!).contains(.uplinkRequested(media: true, fresh: false)))
        #expect(room.pass(milliseconds: 60_000).sent(to: host!).allSatisfy { !$0.isAboutMedia })
        room.handle(.playersChanged(0))
        #expect(
            room.pass(milliseconds: 31_000).sent(to: host!).contains(.uplinkRequested(media: false, fresh: false)))
    }

    @Test("ends for everybody: the relay lets go of encoders and players, too")
    func end() {
        var nobody: ClientID?
        var room = Self.live(with: &nobody, encoder: true)
        let page = room.join(.admin, place: .none)
        #expect(room.say(.endStream, as: page).contains(.relay(.endAll)))
        #expect(room.handle(.deleted).contains(.relay(.endAll)))
    }

    /// Random comings, goings and presses: whoever is asked for media has asked to broadcast.
    @Test("is asked for media only after a press of its own", arguments: 1...20 as ClosedRange<UInt64>)
    func unasked(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var room = TestRoom(relays: true)
        var admins: [ClientID] = []
        /// Who has pressed, or said that it was broadcasting.
        var willing: Set<ClientID> = []
        for _ in 0..<400 {
            room.effects = []
            let admin = admins.randomElement(using: &generator)
            switch (Int.random(in: 0..<12, using: &generator), admin) {
            case (0, _) where admins.count < 5: admins.append(room.join(.admin, place: .none))
            case (1, _) where admins.count < 5:
                let client = room.join(.admin, place: .ifFree)
                admins.append(client)
                if room.room.admin == client { willing.insert(client) }
            case (2, let admin?):
                room.handle(.left(admin))
                admins.removeAll { $0 == admin }
            case (3, let admin?):
                willing.insert(admin)
                room.say(.takeOver, as: admin)
            case (4, let admin?):
                willing.insert(admin)
                room.say(.startStream, as: admin)
            case (5, let admin?):
                willing.remove(admin)
                room.say(.leavePlace, as: admin)
            case (6, _): room.join(.customer)
            case (7, _): room.handle(.encoderStarted)
            case (8, _): room.handle(.uplinkShown(ofStudio: Bool.random(using: &generator)))
            case (9, _): room.handle(.uplinkEnded)
            case (10, _): room.handle(.playersChanged(Int.random(in: 0...2, using: &generator)))
            default: room.pass(milliseconds: 900)
            }
            for effect in room.effects {
                guard case .send(let message, let client) = effect else { continue }
                if message.isAboutMedia, admins.contains(client) { #expect(willing.contains(client)) }
                if case .placeChanged(let news) = message, !news.hasPlace { willing.remove(client) }
            }
            admins.removeAll { room.room.members[$0] == nil }
            #expect(room.room.admin.map { admins.contains($0) } ?? true)
            if room.room.stream.status == .ended { break }
        }
    }
}

extension ServerMessage {
    /// It has a page send its picture.
    fileprivate var isAboutMedia: Bool {
        switch self {
        case .viewerJoined, .uplinkRequested, .answer, .offer: true
        default: false
        }
    }
}
