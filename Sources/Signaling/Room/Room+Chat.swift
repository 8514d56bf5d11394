internal import Wire

/// What is said.
extension Room {
    private static let recentChatLimit = 50

    mutating func chat(
        _ text: String, from client: ClientID, at now: Timestamp, using generator: inout some RandomNumberGenerator,
        _ effects: inout [RoomEffect]
    ) throws(MessageError) {
        guard let member = members[client] else { return }
        if member.role == .customer, members[client]?.chat.take(at: now) == false {
            throw MessageError(
                code: .rateLimited, message: "One message a second: wait a moment.", inReplyTo: "chat")
        }
        let message = ChatMessage(
            id: MessageID(using: &generator), name: member.name, text: text, at: now, atMS: stream.clock(at: now),
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
        guard let author = chatAuthors.removeValue(forKey: message.id) else { return }
        refuse(author, Self.storeIsAway(inReplyTo: "chat"), at: now, &effects)
    }

    mutating func removeChat(_ id: MessageID, _ effects: inout [RoomEffect]) {
        recentChat.removeAll { $0.id == id }
        effects.append(.broadcast(.chatRemoved(id)))
    }

    /// For who joins from now on; a page that is open shows what it has.
    mutating func eraseName(_ name: String) {
        for index in recentChat.indices where recentChat[index].name == name {
            recentChat[index].name = ChatMessage.anonymousName
        }
    }
}
