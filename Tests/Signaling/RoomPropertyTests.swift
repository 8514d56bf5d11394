import TestSupport
import Testing
import Wire

@testable import Signaling

/// Random events from a seed, and after each one what must hold whatever happens.
@Suite("Whatever happens in a room")
struct RoomPropertyTests {
    @Test("its invariants hold over 200,000 random events", arguments: [1, 2, 3, 4] as [UInt64])
    func invariants(seed: UInt64) {
        var world = World(seed: seed, relays: seed > 2)
        for _ in 0..<50_000 {
            world.step()
            guard world.violations.isEmpty else { break }
        }
        world.settle()
        #expect(world.violations.isEmpty)
        // A run in which nothing happened proves nothing.
        #expect(world.accepted.likes > 1_000 && world.accepted.forwarded > 1_000 && world.accepted.chat > 500)
        #expect(world.accepted.refused > 1_000)
        if seed > 2 { #expect(world.accepted.invited > 500 && world.accepted.retries > 0) }
    }
}

/// Two rooms side by side, and a model of what clients may expect of them.
private struct World {
    struct Accepted {
        var likes = 0
        var chat = 0
        var forwarded = 0
        var refused = 0
        var invited = 0
        var retries = 0
    }

    private struct Side {
        var room: Room
        var customers: Set<ClientID> = []
        var admin: ClientID?
        /// Effects `.store` that nobody has answered yet, in order.
        var unanswered: [ShowWrite] = []
        /// Likes by the name of their batch: one that is stored twice counts once.
        var storedLikes: [Identifier<LikeBatch>: Int] = [:]
        var acceptedLikes = 0
        var announcedChat: [MessageID] = []
        var storedChat: [MessageID] = []
        var updates: [Timestamp] = []
        /// What a relay would know: whom it serves, and what it has not answered yet.
        var relayed: Set<ClientID> = []
        var requests: [RelayRequest] = []

        var members: Set<ClientID> { customers.union(admin.map { [$0] } ?? []) }
    }

    private var sides: [Side]
    private var generator: SeededGenerator
    private var now = Timestamp(milliseconds: 0)
    private(set) var violations: [String] = []
    private(set) var accepted = Accepted()

    private let relays: Bool

    init(seed: UInt64, relays: Bool) {
        self.relays = relays
        generator = SeededGenerator(seed: seed)
        sides = (0..<2).map { _ in
            let stream = Livestream(id: .random(), title: "Show", createdAt: Timestamp(milliseconds: 0))
            var configuration = RoomConfiguration()
            configuration.relayIsAvailable = relays
            configuration.directRetryMS = 50
            return Side(room: Room(stream: stream, recentChat: [], configuration: configuration))
        }
    }

    mutating func step() {
        now = now.advanced(byMilliseconds: [0, 0, 1, 5, 40, 300].randomElement(using: &generator) ?? 0)
        let index = Int.random(in: 0..<sides.count, using: &generator)
        switch Int.random(in: 0..<100, using: &generator) {
        case ..<6: join(index)
        case ..<10: leave(index)
        case ..<35: answerStore(index)
        case ..<45: apply(.deadline, to: index)
        case ..<65: say(.like, on: index)
        case ..<70: say(.chat(text: "hello"), on: index)
        case ..<75: say(relays ? .pathReport(randomReport()) : .chat(text: "hello"), on: index)
        case ..<90: signal(index)
        case ..<92: say(.pathReport(randomReport()), on: index)
        case ..<93: answerForRelay(index)
        case ..<95: apply(.recordChanged(sides[index].room.stream), to: index)
        case ..<97: say(.startStream, on: index)
        case ..<98: say(.endStream, on: index)
        default: restart(index)
        }
    }

    /// Everything accepted is stored in the end.
    mutating func settle() {
        for index in sides.indices {
            for _ in 0..<20 {
                now = now.advanced(byMilliseconds: 2_000)
                apply(.deadline, to: index)
                let writes = sides[index].unanswered
                sides[index].unanswered = []
                store(writes, index)
            }
            let side = sides[index]
            let stored = side.storedLikes.values.reduce(0, +)
            check(stored == side.acceptedLikes, "\(side.acceptedLikes) likes accepted, \(stored) stored")
            check(side.room.stream.likes == stored, "\(stored) likes stored, \(side.room.stream.likes) told")
        }
    }

    private mutating func check(_ condition: Bool, _ complaint: @autoclosure () -> String) {
        if !condition { violations.append(complaint()) }
    }

    private mutating func join(_ index: Int) {
        let client = ClientID(using: &generator)
        if Int.random(in: 0..<6, using: &generator) == 0 {
            let former = sides[index].admin
            sides[index].admin = client
            let effects = apply(.joined(client, role: .admin, name: nil, iceServers: []), to: index)
            if let former { check(effects.contains(.close(former, .replaced)), "the former admin stays") }
        } else if sides[index].customers.count < 40 {
            sides[index].customers.insert(client)
            apply(.joined(client, role: .customer, name: nil, iceServers: []), to: index)
        }
    }

    private mutating func leave(_ index: Int) {
        guard let client = sides[index].members.sorted(by: { $0.text < $1.text }).randomElement(using: &generator)
        else { return }
        sides[index].customers.remove(client)
        if sides[index].admin == client { sides[index].admin = nil }
        apply(.left(client), to: index)
    }

    private mutating func say(_ message: ClientMessage, on index: Int) {
        guard let client = randomMember(index) else { return }
        apply(.message(client, message), to: index)
    }

    /// An offer, an answer or a candidate to anybody: of this room, of the other, or nobody.
    private mutating func signal(_ index: Int) {
        guard let sender = randomMember(index) else { return }
        let own = sides[index].admin.map { $0 == sender ? sides[index].customers : [$0] } ?? []
        let candidates = Bool.random(using: &generator) ? own : Set(sides.flatMap(\.members))
        let target = candidates.sorted { $0.text < $1.text }.randomElement(using: &generator) ?? .random()
        let isForRelay = !relays && Int.random(in: 0..<20, using: &generator) == 0
        let address: PeerAddress = isForRelay ? .relay : .client(target)
        let isAdmin = sides[index].admin == sender
        let message: ClientMessage
        let isRightKind: Bool
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: (message, isRightKind) = (.offer(to: address, sdp: "v=0"), isAdmin)
        case 1: (message, isRightKind) = (.answer(to: address, sdp: "v=0"), !isAdmin)
        default: (message, isRightKind) = (.candidate(to: address, nil), true)
        }
        let isRightPeer = isAdmin ? sides[index].customers.contains(target) : sides[index].admin == target
        let isAllowed = isRightKind && isRightPeer && address != .relay
        let effects = apply(.message(sender, message), to: index).filter(\.isAboutMedia)
        let delivered = effects.filter { if case .send(.error, _) = $0 { false } else { true } }
        let isRateLimited = effects.errors == [.rateLimited] || effects.isEmpty
        if !isAdmin, isAllowed, delivered.isEmpty, isRateLimited { return }
        check(delivered.count == (isAllowed ? 1 : 0), "\(message) was delivered \(delivered.count) times")
        if case .send(_, let receiver)? = delivered.first { check(receiver == target, "delivered to somebody else") }
        if isAllowed { accepted.forwarded += 1 } else { accepted.refused += 1 }
    }

    /// The store answers for some of what it was asked for, in order: it was done, or it was not.
    private mutating func answerStore(_ index: Int) {
        let count = Int.random(in: 0...min(4, sides[index].unanswered.count), using: &generator)
        guard count > 0 else { return }
        let writes = Array(sides[index].unanswered.prefix(count))
        sides[index].unanswered.removeFirst(count)
        guard Int.random(in: 0..<4, using: &generator) > 0 else {
            apply(.notStored(writes), to: index)
            return
        }
        store(writes, index)
    }

    private mutating func store(_ writes: [ShowWrite], _ index: Int) {
        for write in writes {
            switch write {
            case .likes(let batch): sides[index].storedLikes[batch.id] = batch.count
            case .chat(let message): sides[index].storedChat.append(message.id)
            default: break
            }
        }
        if !writes.isEmpty { apply(.stored(writes), to: index) }
    }

    /// The relay answers what it was asked, or its uplink ends, or the admin offers one.
    private mutating func answerForRelay(_ index: Int) {
        guard relays else { return }
        let requests = sides[index].requests
        sides[index].requests = []
        for request in requests {
            switch request {
            case .publish: apply(.relayAnswered(sdp: "v=0"), to: index)
            case .invite(let client):
                let fails = Int.random(in: 0..<5, using: &generator) == 0
                apply(fails ? .relayRefused(client, reason: "no") : .relayOffered(client, sdp: "v=0"), to: index)
            case .accept, .dismiss, .endAll: break
            }
        }
        if let admin = sides[index].admin, Bool.random(using: &generator) {
            apply(.message(admin, .offer(to: .relay, sdp: "v=0")), to: index)
        } else if Int.random(in: 0..<4, using: &generator) == 0 {
            sides[index].relayed = []
            apply(.uplinkEnded, to: index)
        }
    }

    /// A show that is over makes place for another, once nothing of it is pending.
    private mutating func restart(_ index: Int) {
        guard sides[index].room.stream.status == .ended, sides[index].unanswered.isEmpty else { return }
        sides[index].room.stream.status = .scheduled
        sides[index].room.stream.startedAt = nil
        sides[index].room.stream.endedAt = nil
    }

    private mutating func randomMember(_ index: Int) -> ClientID? {
        sides[index].members.sorted { $0.text < $1.text }.randomElement(using: &generator)
    }

    private mutating func randomReport() -> PathReport {
        let states: [PathReport.State] = [.connected, .failed, .frozen]
        let path: Path = relays && Bool.random(using: &generator) ? .relay : .direct
        return PathReport(path: path, state: states.randomElement(using: &generator) ?? .failed)
    }

    @discardableResult
    private mutating func apply(_ event: RoomEvent, to index: Int) -> [RoomEffect] {
        let likesBefore = sides[index].room.likes.waiting
        let effects = sides[index].room.handle(event, at: now, using: &generator)
        countLikes(event, before: likesBefore, effects, index)
        for effect in effects { take(effect, index) }
        let stream = sides[index].room.stream
        check(stream.viewerCount == sides[index].customers.count, "viewer_count \(stream.viewerCount)")
        check(stream.peakViewerCount >= stream.viewerCount, "the peak lies below the count")
        check(sides[index].room.admin == sides[index].admin, "another admin than the one who joined last")
        let members = sides[index].room.members
        check(
            sides[index].room.directViewers == members.values.count { $0.path == .direct }, "direct viewers miscounted")
        check(sides[index].room.relayUsers == members.values.count { $0.usesRelay }, "the relay's users miscounted")
        check(sides[index].relayed.isSubset(of: sides[index].customers), "the relay serves somebody who has left")
        accepted.retries += members.values.count { $0.isRetryingDirect } > 0 ? 1 : 0
        return effects
    }

    /// A like counts as accepted when the room keeps it: waiting, or in a batch that it wants stored just now.
    private mutating func countLikes(_ event: RoomEvent, before: Int, _ effects: [RoomEffect], _ index: Int) {
        let stored = effects.reduce(0) { sum, effect in
            guard case .store(.likes(let batch)) = effect, sides[index].storedLikes[batch.id] == nil,
                !knownBatches.contains(batch.id)
            else { return sum }
            knownBatches.insert(batch.id)
            return sum + batch.count
        }
        let gained = sides[index].room.likes.waiting + stored - before
        if case .message(_, .like) = event {
            check((0...1).contains(gained), "one like became \(gained)")
            sides[index].acceptedLikes += max(0, gained)
            accepted.likes += gained
        } else {
            check(gained == 0, "\(gained) likes came from nowhere")
        }
    }

    private var knownBatches: Set<Identifier<LikeBatch>> = []

    private mutating func take(_ effect: RoomEffect, _ index: Int) {
        switch effect {
        case .send(let message, let client):
            let isReplaced = if case .error(let error) = message { error.code == .replaced } else { false }
            check(isReplaced || sides[index].members.contains(client), "told somebody who isn't in the room")
        case .broadcast(.streamUpdate(let update)):
            check(update.viewerCount == sides[index].customers.count, "an update with an old count")
            sides[index].updates.append(now)
            let recent = sides[index].updates.suffix(11)
            if recent.count == 11, let first = recent.first {
                check(now.milliseconds(since: first) >= 1_000, "more than ten updates in a second")
            }
        case .broadcast(.chatMessage(let message)):
            sides[index].announcedChat.append(message.id)
            accepted.chat += 1
            let announced = sides[index].announcedChat
            check(
                announced == Array(sides[index].storedChat.prefix(announced.count)), "chat out of order, or not stored")
        case .broadcast, .close, .viewed: break
        case .relay(let request): take(request, index)
        case .store(let write): sides[index].unanswered.append(write)
        }
    }
}

extension World {
    fileprivate mutating func take(_ request: RelayRequest, _ index: Int) {
        check(relays || request == .endAll, "asked a relay that isn't there")
        sides[index].requests.append(request)
        switch request {
        case .invite(let client):
            sides[index].relayed.insert(client)
            accepted.invited += 1
        case .dismiss(let client): sides[index].relayed.remove(client)
        case .endAll: sides[index].relayed = []
        case .publish, .accept: break
        }
    }
}

extension RoomEffect {
    fileprivate var isAboutMedia: Bool {
        switch self {
        case .send(.offer, _), .send(.answer, _), .send(.candidate, _), .send(.error, _): true
        default: false
        }
    }
}
