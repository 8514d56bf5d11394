internal import Wire

extension ServerMessage: Encodable {
    private enum CodingKeys: String, CodingKey {
        case type, media, fresh, stream, chat, now, from, sdp, candidate, path, reason, product, id, code, message
        case clientID = "client_id"
        case iceServers = "ice_servers"
        case viewerID = "viewer_id"
        case inReplyTo = "in_reply_to"
        case name, broadcaster, state
        case clientMessageID = "client_message_id"
        case clientBatchID = "client_batch_id"
        case resumeToken = "resume_token"
        case hasPlace = "has_place"
    }

    private var type: String {
        switch self {
        case .joined: "joined"
        case .streamStarted: "stream_started"
        case .streamEnded: "stream_ended"
        case .viewerJoined: "viewer_joined"
        case .viewerLeft: "viewer_left"
        case .offer: "webrtc_offer"
        case .answer: "webrtc_answer"
        case .candidate: "ICE_candidate"
        case .pathSelected: "path_selected"
        case .uplinkRequested: "uplink_requested"
        case .uplinkReleased: "uplink_released"
        case .quality: "quality"
        case .streamUpdate: "stream_update"
        case .chatMessage: "chat_message"
        case .chatRemoved: "chat_removed"
        case .chatAccepted: "chat_accepted"
        case .likesAccepted: "likes_accepted"
        case .renamed: "renamed"
        case .placeChanged: "place_changed"
        case .productPinned: "product_pinned"
        case .productUnpinned: "product_unpinned"
        case .error: "error"
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(type, forKey: .type)
        switch self {
        case .joined(let joined):
            try container.encode(joined.client, forKey: .clientID)
            try container.encode(joined.stream, forKey: .stream)
            try container.encode(joined.chat, forKey: .chat)
            try container.encode(joined.iceServers, forKey: .iceServers)
            try container.encode(joined.now, forKey: .now)
            try container.encode(joined.resumeToken, forKey: .resumeToken)
            try container.encodeIfPresent(joined.hasPlace, forKey: .hasPlace)
        case .streamStarted(let stream), .streamEnded(let stream): try container.encode(stream, forKey: .stream)
        case .viewerJoined(let viewer), .viewerLeft(let viewer): try container.encode(viewer, forKey: .viewerID)
        case .offer(let from, let sdp), .answer(let from, let sdp):
            try container.encode(from, forKey: .from)
            try container.encode(sdp, forKey: .sdp)
        case .candidate(let from, let candidate):
            try container.encode(from, forKey: .from)
            try container.encode(candidate, forKey: .candidate)
        case .pathSelected(let viewer, let path, let reason):
            try container.encode(viewer, forKey: .viewerID)
            try container.encode(path, forKey: .path)
            try container.encode(reason, forKey: .reason)
        case .uplinkRequested(let media, let fresh):
            try container.encode(media, forKey: .media)
            try container.encode(fresh, forKey: .fresh)
        case .uplinkReleased: break
        case .quality(let quality): try container.encode(quality, forKey: .state)
        case .streamUpdate(let update): try update.encode(to: encoder)
        case .chatMessage(let message): try message.encode(to: encoder)
        case .chatRemoved(let id): try container.encode(id, forKey: .id)
        case .chatAccepted(let name, let id):
            try container.encode(name, forKey: .clientMessageID)
            try container.encode(id, forKey: .id)
        case .likesAccepted(let name): try container.encode(name, forKey: .clientBatchID)
        case .renamed(let name): try container.encode(name, forKey: .name)
        case .placeChanged(let news):
            try container.encode(news.hasPlace, forKey: .hasPlace)
            try container.encode(news.broadcaster, forKey: .broadcaster)
        case .productPinned(let product): try container.encode(product, forKey: .product)
        case .productUnpinned(let id): try container.encode(id, forKey: .id)
        case .error(let error):
            try container.encode(error.code, forKey: .code)
            try container.encode(error.message, forKey: .message)
            try container.encodeIfPresent(error.inReplyTo, forKey: .inReplyTo)
            let key: CodingKeys = error.inReplyTo == "like" ? .clientBatchID : .clientMessageID
            try container.encodeIfPresent(error.about, forKey: key)
        }
    }
}

extension StreamUpdate: Encodable {
    private enum CodingKeys: String, CodingKey {
        case likes, stream
        case viewerCount = "viewer_count"
        case peakViewerCount = "peak_viewer_count"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(likes, forKey: .likes)
        try container.encode(viewerCount, forKey: .viewerCount)
        try container.encode(peakViewerCount, forKey: .peakViewerCount)
        try container.encodeIfPresent(changed, forKey: .stream)
    }
}
