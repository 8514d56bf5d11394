package import Wire

/// What a client says (docs/protocol.md, signaling): one case a message type, checked as far as one message alone can
/// be checked.
package enum ClientMessage: Equatable, Sendable {
    case join(Join)
    case startStream
    case endStream
    case offer(to: PeerAddress, sdp: String)
    case answer(to: PeerAddress, sdp: String)
    /// Nil tells that no more candidates come.
    case candidate(to: PeerAddress, ICECandidate?)
    case viewReport(ViewReport)
    case viewSize(ViewSize)
    case pathReport(PathReport)
    case like
    /// Several at once, under a name of the client's own.
    case likes(count: Int, batch: String?)
    /// `name`: what the client calls it, to be told that it is stored, and to send it again.
    case chat(text: String, name: String? = nil)
    /// Another name from now on; nil for none.
    case rename(String?)
    /// This page's recorder has begun a run, at this time of the stream's clock.
    case recordingRun(RecordingRun.Key, startsAtMS: Int64)
    /// This page broadcasts from now on.
    case takeOver
    /// This page doesn't broadcast any more.
    case leavePlace

    package struct Join: Equatable, Sendable {
        package var streamID: StreamID
        package var role: ClientRole
        package var name: String?
        package var token: String?
        /// An admin's wish to broadcast.
        package var place: PlaceWish
        /// From the `joined` of a session that is to go on.
        package var resumeToken: String?

        package init(
            streamID: StreamID, role: ClientRole, name: String? = nil, token: String? = nil, place: PlaceWish = .take,
            resumeToken: String? = nil
        ) {
            self.streamID = streamID
            self.role = role
            self.name = name
            self.token = token
            self.place = place
            self.resumeToken = resumeToken
        }
    }
}

/// Whom a media message goes to, or comes from.
package enum PeerAddress: Hashable, Sendable {
    case client(ClientID)
    /// The server's own media peer.
    case relay
}

extension PeerAddress: Codable {
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        self = text == "relay" ? .relay : .client(try ClientID(from: decoder))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .client(let id): try container.encode(id)
        case .relay: try container.encode("relay")
        }
    }
}

/// A candidate as browsers write it (W3C WebRTC, `RTCIceCandidateInit`).
package struct ICECandidate: Codable, Equatable, Sendable {
    package var candidate: String
    package var sdpMid: String?
    package var sdpMLineIndex: Int?
    package var usernameFragment: String?

    package init(candidate: String, sdpMid: String? = nil, sdpMLineIndex: Int? = nil, usernameFragment: String? = nil) {
        self.candidate = candidate
        self.sdpMid = sdpMid
        self.sdpMLineIndex = sdpMLineIndex
        self.usernameFragment = usernameFragment
    }
}

/// What a viewer's page sees of its picture.
package struct PathReport: Equatable, Sendable {
    package enum State: String, Codable, Sendable {
        /// A frame was decoded.
        case connected
        /// There is no way for the picture.
        case failed
        /// No new frame for longer than a viewer should notice.
        case frozen
    }

    package var path: Path
    package var state: State
    package var reason: String?

    package init(path: Path, state: State, reason: String? = nil) {
        self.path = path
        self.state = state
        self.reason = reason
    }
}

/// The way that a picture takes to a viewer.
package enum Path: String, Codable, Sendable {
    case direct, relay
}
