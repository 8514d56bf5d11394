internal import Wire

/// What is said.
extension Room {
    static let recentChatLimit = 50

    /// `name`: what the client calls its message. One that it sends again, as it does when it has not heard of it, is one
    /// message.
    mutating func chat(
        _ text: String, named name: String?, from client: ClientID, at now: Timestamp,
        using generator: inout some RandomNumberGenerator, _ effects: inout [RoomEffect]
    ) throws(MessageError) {
        guard let member = members[client] else { return }
        if member.role == .customer, members[client]?.chat.take(at: now) == false {
            throw MessageError(
                code: .rateLimited, message: "One message a second: wait a moment.", inReplyTo: "chat", about: name)
        }
        var id = MessageID(using: &generator)
        if let name {
            id = MessageID(of: [stream.id.text, member.role.rawValue, member.name, text, name])
            switch receipts.admit(id, from: client, named: name) {
            case .new: break
            case .known: return
            case .stored: return effects.append(.send(.chatAccepted(name: name, id: id), to: client))
            }
        }
        let message = ChatMessage(
            id: id, name: member.name, text: text, at: now, atMS: stream.clock(at: now),
            role: member.role)
        chatAuthors[message.id] = client
        effects.append(.store(.chat(message)))
    }

    mutating func didStoreChat(_ message: ChatMessage, _ effects: inout [RoomEffect]) {
        chatAuthors[message.id] = nil
        recentChat.append(message)
        if recentChat.count > Self.recentChatLimit { recentChat.removeFirst() }
        effects.append(.broadcast(.chatMessage(message)))
    }

    mutating func didNotStoreChat(_ message: ChatMessage, at now: Timestamp, _ effects: inout [RoomEffect]) {
        var error = Self.storeIsAway(inReplyTo: "chat")
        error.about = receipts.refuse(message.id)?.name
        guard let author = chatAuthors.removeValue(forKey: message.id) else { return }
        refuse(author, error, at: now, &effects)
    }

    /// What is in the store is acknowledged: until then a client keeps it and may send it again.
    mutating func didKeep(_ write: ShowWrite, _ effects: inout [RoomEffect]) {
        switch write {
        case .chat(let message):
            guard let (client, name) = receipts.keep(message.id), members[client] != nil else { return }
            effects.append(.send(.chatAccepted(name: name, id: message.id), to: client))
        case .likes(let batch):
            guard let (client, name) = receipts.keep(batch.id), members[client] != nil else { return }
            effects.append(.send(.likesAccepted(name: name), to: client))
        case .started, .ended, .peakViewerCount: break
        }
    }

    mutating func rename(_ client: ClientID, to name: String?, at now: Timestamp, _ effects: inout [RoomEffect]) {
        guard members[client]?.signaling.take(at: now) == true else { return }
        members[client]?.rename(to: name)
        effects.append(.send(.renamed(name: members[client]?.name ?? ""), to: client))
    }

    mutating func removeChat(_ id: MessageID, _ effects: inout [RoomEffect]) {
        recentChat.removeAll { $0.id == id }
        effects.append(.broadcast(.chatRemoved(id)))
    }

    /// For who joins from now on; a page that is open shows what it has.
    mutating func eraseName(_ name: String) {
        let key = VisibleText.key(name)
        for index in recentChat.indices where VisibleText.key(recentChat[index].name) == key {
            recentChat[index].name = ChatMessage.anonymousName
        }
    }
}
