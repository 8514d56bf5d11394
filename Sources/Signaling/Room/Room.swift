package import Wire

/// One show's room: who is there, what was said, liked and pinned, and who speaks with whom.
///
/// A value without socket, clock or store: events and the time go in, effects come out. What is announced to clients
/// as done (a start, a chat message, a count of likes) has been stored before: the room asks for the write first, and
/// speaks of it when it is told that it is done.
package struct Room: Sendable {
    /// The record as everybody should see it now.
    package internal(set) var stream: Livestream
    let configuration: RoomConfiguration

    var members: [ClientID: Member] = [:]
    var place = StudioPlace()
    /// The last messages, for those who join.
    var recentChat: [ChatMessage]

    /// The picture comes from an encoder by the relay, whether an admin's page is there or not.
    var hasEncoder = false
    var uplink = Uplink()
    /// How many viewers are served directly, or tried to be.
    var directViewers = 0
    /// How many need the relay.
    var relayUsers = 0
    /// The earliest of the members' `raceDeadline`s, or before it.
    var nextRace: Timestamp?
    /// When a show without admin ends.
    var graceEnd: Timestamp?
    /// A start or an end that is being stored.
    var pendingStart = false
    var pendingEnd = false

    /// Who wrote a message that is being stored.
    var chatAuthors: [MessageID: ClientID] = [:]
    /// Who waits to hear that what they sent is stored.
    var receipts: Receipts

    var likes = LikeCounter()
    /// How many watch by an offer of their own, as the relay says.
    var players = 0
    /// The counts have changed since the last update went out, or the record has.
    var updateIsDue = false
    var changedRecord: Livestream?
    var nextUpdate: Timestamp?
    var lastUpdate: Timestamp?
    var peakInStore: Int

    /// `recentChat`: the last messages, oldest first. `recentLikes`: the last batches, as far as a client may send them
    /// again.
    package init(
        stream: Livestream, recentChat: [ChatMessage], recentLikes: [LikeBatch] = [], configuration: RoomConfiguration
    ) {
        self.stream = stream
        self.stream.viewerCount = 0
        self.recentChat = recentChat.suffix(Self.recentChatLimit)
        receipts = Receipts(chat: recentChat.map(\.id), likes: recentLikes.map(\.id))
        self.configuration = configuration
        peakInStore = stream.peakViewerCount
    }

    /// Nobody is here and nothing is pending: the room can be forgotten and built again from the store.
    package var isIdle: Bool {
        members.isEmpty && !hasEncoder && graceEnd == nil && !pendingStart && !pendingEnd && chatAuthors.isEmpty
            && likes.isSettled && receipts.isSettled
    }

    /// When the room wants to be told `.deadline` next; nil when nothing waits.
    package var nextDeadline: Timestamp? {
        [graceEnd, nextUpdate, nextRace, uplink.idleEnd].compactMap { $0 }.min()
    }

    package mutating func handle(
        _ event: RoomEvent, at now: Timestamp, using generator: inout some RandomNumberGenerator
    ) -> [RoomEffect] {
        var effects: [RoomEffect] = []
        switch event {
        case .joined(let client, let role, let name, let isGiven, let iceServers, let place, let resumeToken):
            join(
                client, role: role, name: name, isNameGiven: isGiven, iceServers: iceServers, place: place,
                resumeToken: resumeToken,
                at: now, &effects)
        case .left(let client): leave(client, &effects)
        case .message(let client, let message): receive(message, from: client, at: now, using: &generator, &effects)
        case .refused(let client, let error): refuse(client, error, at: now, &effects)
        case .stored(let writes): for write in writes { didStore(write, at: now, &effects) }
        case .kept(let writes): for write in writes { didKeep(write, &effects) }
        case .notStored(let writes): for write in writes { didNotStore(write, at: now, &effects) }
        case .recordChanged(let record): takeRecord(record, &effects)
        case .chatRemoved(let id): removeChat(id, &effects)
        case .nameErased(let name): eraseName(name)
        case .encoderStarted: encoderStarted(at: now, &effects)
        case .relayAnswered(let sdp): uplinkStands(answer: sdp, &effects)
        case .relayOffered(let client, let sdp): offerByRelay(to: client, sdp: sdp, &effects)
        case .relayRefused(let client, let reason):
            members[client]?.isInvited = false
            refuse(client, MessageError(code: .unavailable, message: reason), at: now, &effects)
        case .uplinkEnded: uplinkEnded(&effects)
        case .uplinkChanged: inviteAnew(&effects)
        case .uplinkShown(let isStudio): uplinkShown(ofStudio: isStudio, at: now, &effects)
        case .playersChanged(let count): playersChanged(to: count, &effects)
        case .relayNotPlayed(let client, let codec): tellOfCodec(codec, client, at: now, &effects)
        case .qualityChanged(let client, let quality): tellQuality(quality, to: client, &effects)
        case .deleted: closeForGood(&effects)
        case .deadline: break
        }
        tellPlaces(&effects)
        meetDeadlines(at: now, using: &generator, &effects)
        return effects
    }

    private mutating func receive(
        _ message: ClientMessage, from client: ClientID, at now: Timestamp,
        using generator: inout some RandomNumberGenerator, _ effects: inout [RoomEffect]
    ) {
        guard let role = members[client]?.role else { return }
        do throws(MessageError) {
            switch message {
            case .join: throw MessageError(code: .alreadyJoined, message: "You have joined.", inReplyTo: "join")
            case .like: try like(client, count: 1, batch: nil, at: now, &effects)
            case .likes(let count, let batch): try like(client, count: count, batch: batch, at: now, &effects)
            case .chat(let text, let name):
                try chat(text, named: name, from: client, at: now, using: &generator, &effects)
            case .rename(let name): rename(client, to: name, at: now, &effects)
            case .startStream: try start(by: client, at: now, &effects)
            case .endStream: try end(by: role, at: now, &effects)
            case .recordingRun: try onlyAdmin(role, "recording_run")  // the library's, which has been told
            case .takeOver: try takeOver(by: client, at: now, &effects)
            case .leavePlace: try leavePlace(client)
            case .candidate(.relay, _) where configuration.relayIsAvailable: break  // it learns from checks (ICE-lite)
            case .offer(.relay, let sdp) where configuration.relayIsAvailable && mayPublish(client):
                effects.append(.relay(.publish(by: client, sdp: sdp)))
            case .answer(.relay, let sdp) where members[client]?.isInvited == true:
                effects.append(.relay(.accept(client, sdp: sdp)))
            case .offer(let to, let sdp):
                try forward(from: client, to: to, type: "webrtc_offer", by: .admin, at: now, &effects) {
                    .offer(from: $0, sdp: sdp)
                }
            case .answer(let to, let sdp):
                try forward(from: client, to: to, type: "webrtc_answer", by: .customer, at: now, &effects) {
                    .answer(from: $0, sdp: sdp)
                }
            case .candidate(let to, let candidate):
                try forward(from: client, to: to, type: "ICE_candidate", by: nil, at: now, &effects) {
                    .candidate(from: $0, candidate)
                }
            case .pathReport(let report): try take(report, from: client, at: now, &effects)
            case .viewReport(let report): try take(report, from: client, at: now, &effects)
            case .viewSize(let size): try take(size, from: client, at: now)
            }
        } catch {
            refuse(client, error, at: now, &effects)
        }
    }

    /// Says no to one client, as long as it doesn't make mistakes by the thousand.
    mutating func refuse(_ client: ClientID, _ error: MessageError, at now: Timestamp, _ effects: inout [RoomEffect]) {
        guard members[client]?.errors.take(at: now) == true else { return }
        effects.append(.send(.error(error), to: client))
    }

    private mutating func didStore(_ write: ShowWrite, at now: Timestamp, _ effects: inout [RoomEffect]) {
        switch write {
        case .started(let time): didStart(at: time, now: now, &effects)
        case .ended(let time): didEnd(at: time, &effects)
        case .chat(let message): didStoreChat(message, &effects)
        case .likes(let batch): didStoreLikes(batch)
        case .peakViewerCount(let count): peakInStore = max(peakInStore, count)
        }
    }

    private mutating func didNotStore(_ write: ShowWrite, at now: Timestamp, _ effects: inout [RoomEffect]) {
        switch write {
        case .started: didNotStart(at: now, &effects)
        case .ended: didNotEnd(at: now, &effects)
        case .chat(let message): didNotStoreChat(message, at: now, &effects)
        case .likes(let batch): didNotStoreLikes(batch, at: now, &effects)
        case .peakViewerCount: break
        }
    }

    private mutating func meetDeadlines(
        at now: Timestamp, using generator: inout some RandomNumberGenerator, _ effects: inout [RoomEffect]
    ) {
        if let graceEnd, graceEnd <= now { endForLackOfAdmin(at: now, &effects) }
        startGraceIfAlone(at: now)
        meetRaceDeadlines(at: now, &effects)
        pauseIdleUplink(at: now, &effects)
        updateCounts(at: now, using: &generator, &effects)
    }
}
