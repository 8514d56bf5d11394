internal import Foundation
package import Wire

/// What the server says to a client (docs/protocol.md, signaling).
package enum ServerMessage: Equatable, Sendable {
    case joined(Joined)
    case streamStarted(Livestream)
    case streamEnded(Livestream)
    case viewerJoined(ClientID)
    case viewerLeft(ClientID)
    case offer(from: PeerAddress, sdp: String)
    case answer(from: PeerAddress, sdp: String)
    case candidate(from: PeerAddress, ICECandidate?)
    case pathSelected(viewer: ClientID, path: Path, reason: String)
    /// Have an uplink to the relay, with its media flowing or paused.
    /// `fresh`: none stands that could be used.
    case uplinkRequested(media: Bool, fresh: Bool)
    case uplinkReleased
    /// What the relay can send over this viewer's link.
    case quality(ViewingQuality)
    case streamUpdate(StreamUpdate)
    case chatMessage(ChatMessage)
    case chatRemoved(MessageID)
    /// What the client calls by this name is in the store, once.
    case chatAccepted(name: String, id: MessageID)
    case likesAccepted(name: String)
    case renamed(name: String)
    /// Who broadcasts, to an admin.
    case placeChanged(PlaceNews)
    case productPinned(Product)
    case productUnpinned(ProductID)
    case error(MessageError)

    package struct Joined: Equatable, Sendable {
        package var client: ClientID
        package var stream: Livestream
        /// The last messages, oldest first.
        package var chat: [ChatMessage]
        package var iceServers: [ICEServer]
        /// The server's time: with `started_at` it gives a page the stream's clock.
        package var now: Timestamp
        /// Takes this session up again within two minutes after its socket went.
        package var resumeToken: String
        /// Whether an admin has the studio's place; nil for customers.
        package var hasPlace: Bool?
    }

    /// The message with this behind the address of its record's replay.
    package func naming(replay query: String) -> ServerMessage {
        func named(_ stream: Livestream) -> Livestream {
            var stream = stream
            stream.replayQuery = query
            return stream
        }
        switch self {
        case .joined(var joined):
            joined.stream = named(joined.stream)
            return .joined(joined)
        case .streamStarted(let stream): return .streamStarted(named(stream))
        case .streamEnded(let stream): return .streamEnded(named(stream))
        case .streamUpdate(var update):
            update.changed = update.changed.map(named)
            return .streamUpdate(update)
        default: return self
        }
    }

    /// The message as one JSON object in UTF-8.
    package func encoded() -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        // Strings, integers and nulls alone are in it, and those can always be written.
        return (try? encoder.encode(self)).map(Array.init) ?? []
    }
}

/// One entry of a browser's `RTCConfiguration.iceServers`.
package struct ICEServer: Codable, Equatable, Sendable {
    package var urls: [String]
    package var username: String?
    package var credential: String?

    package init(urls: [String], username: String? = nil, credential: String? = nil) {
        self.urls = urls
        self.username = username
        self.credential = credential
    }
}

/// What has changed of the record: the counts always, the rest where an admin changed it.
package struct StreamUpdate: Equatable, Sendable {
    package var likes: Int
    package var viewerCount: Int
    package var peakViewerCount: Int
    /// The record whose title, description, time, delivery or recording changed.
    package var changed: Livestream?
}
