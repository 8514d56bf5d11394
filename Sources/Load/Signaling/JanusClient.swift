package import Foundation

/// Janus's own HTTP API with its videoroom plugin: the publisher offers to the room, the room offers to each viewer.
/// Each has a session of its own, since Janus hands out a session's events to one poll at a time.
package actor JanusClient: SignalingClient {
    private static let plugin = "janus.plugin.videoroom"
    /// Janus forgets sessions that say nothing for a minute.
    private static let keepAliveSeconds = 25.0
    private static let maximumPolls = 20

    package nonisolated let serverOffers = true
    private let http: HTTPClient
    private let base: URL
    private var room: (number: Int, owner: Handle)?
    private var feed: Int?
    private var sessions: Set<Int> = []
    private var keepAlive: Task<Void, Never>?

    /// One session's place with the plugin.
    private struct Handle: Sendable {
        let session: Int
        let handle: Int

        var text: String { "\(session)/\(handle)" }

        init(session: Int, handle: Int) {
            self.session = session
            self.handle = handle
        }

        init?(_ text: String) {
            let parts = text.split(separator: "/").compactMap { Int($0) }
            guard parts.count == 2 else { return nil }
            self.init(session: parts[0], handle: parts[1])
        }
    }

    /// `base`: such as `http://localhost:8088/janus`.
    package init(base: URL, connections: Int = 64) {
        http = HTTPClient(connections: connections)
        self.base = base
    }

    package func publish(_ offer: String) async throws(LoadFailure) -> SignaledSession {
        let handle = try await attach()
        let created = try await message(
            handle,
            .init(
                request: "create", publishers: 1, bitrate: 0, audiocodec: "opus", videocodec: "vp8,h264,vp9,av1",
                isPrivate: true))
        guard let number = created.plugindata?.data.room else { throw LoadFailure("Janus makes no room") }
        room = (number, handle)
        let event = try await ask(
            handle, .init(request: "joinandconfigure", room: number, ptype: "publisher"),
            JanusDescription(type: "offer", sdp: offer))
        guard let answer = event.jsep?.sdp, let id = event.plugindata?.data.id else {
            throw LoadFailure("Janus gives the publisher no answer")
        }
        feed = id
        return SignaledSession(description: answer, handle: handle.text)
    }

    package func play(_ offer: String) async throws(LoadFailure) -> SignaledSession {
        throw LoadFailure("Janus takes no offers of viewers")
    }

    package func invite() async throws(LoadFailure) -> SignaledSession {
        guard let room, let feed else { throw LoadFailure("Janus has nothing to view before something is published") }
        let handle = try await attach()
        let event = try await ask(
            handle, .init(request: "join", room: room.number, ptype: "subscriber", streams: [.init(feed: feed)]))
        guard let offer = event.jsep?.sdp else { throw LoadFailure("Janus offers nothing to a viewer") }
        return SignaledSession(description: offer, handle: handle.text)
    }

    package func accept(_ answer: String, _ session: SignaledSession) async throws(LoadFailure) {
        guard let handle = Handle(session.handle) else { throw LoadFailure("no Janus session") }
        _ = try await ask(handle, .init(request: "start"), JanusDescription(type: "answer", sdp: answer))
    }

    package func end(_ session: SignaledSession) async {
        guard let handle = Handle(session.handle), handle.session != room?.owner.session else { return }
        await destroy(handle.session)
    }

    package func close() async {
        keepAlive?.cancel()
        if let room {
            _ = try? await message(room.owner, .init(request: "destroy", room: room.number))
            await destroy(room.owner.session)
        }
        http.close()
    }

    // MARK: Janus's requests

    private func attach() async throws(LoadFailure) -> Handle {
        let session = try await post("", JanusRequest(janus: "create"))
        guard let number = session.data?.id else { throw LoadFailure("Janus makes no session") }
        sessions.insert(number)
        startKeepingAlive()
        let attached = try await post("/\(number)", JanusRequest(janus: "attach", plugin: Self.plugin))
        guard let handle = attached.data?.id else { throw LoadFailure("Janus has no videoroom plugin") }
        return Handle(session: number, handle: handle)
    }

    private func destroy(_ session: Int) async {
        sessions.remove(session)
        _ = try? await post("/\(session)", JanusRequest(janus: "destroy"))
    }

    private func message(
        _ handle: Handle, _ body: JanusRequest.Body, _ description: JanusDescription? = nil
    ) async throws(LoadFailure) -> JanusAnswer {
        try await post("/\(handle.text)", JanusRequest(janus: "message", body: body, jsep: description))
    }

    /// Sends what is answered by an event, and waits for that.
    private func ask(
        _ handle: Handle, _ body: JanusRequest.Body, _ description: JanusDescription? = nil
    ) async throws(LoadFailure) -> JanusAnswer {
        let answer = try await message(handle, body, description)
        if answer.janus != "ack" { return answer }
        for _ in 0..<Self.maximumPolls {
            let event = try await request("GET", "/\(handle.session)?maxev=1", nil)
            if event.janus == "event", event.plugindata != nil { return event }
        }
        throw LoadFailure("Janus never answers \(body.request)")
    }

    private func post(_ path: String, _ body: JanusRequest) async throws(LoadFailure) -> JanusAnswer {
        guard let text = try? JSONEncoder().encode(body) else { throw LoadFailure("a request can't be written") }
        return try await request("POST", path, String(decoding: text, as: UTF8.self))
    }

    private func request(_ method: String, _ path: String, _ body: String?) async throws(LoadFailure) -> JanusAnswer {
        guard let url = URL(string: base.absoluteString + path) else { throw LoadFailure("no Janus address") }
        let answer = try await http.send(method, url, type: "application/json", body: body)
        guard let decoded = try? JSONDecoder().decode(JanusAnswer.self, from: answer.body) else {
            throw LoadFailure("this is no Janus at \(base.absoluteString) (status \(answer.status))")
        }
        if let error = decoded.error { throw LoadFailure("Janus: \(error.reason)") }
        if let error = decoded.plugindata?.data.error { throw LoadFailure("Janus: \(error)") }
        return decoded
    }

    private func startKeepingAlive() {
        guard keepAlive == nil else { return }
        keepAlive = Task { [weak self] in
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(Self.keepAliveSeconds))
                await self?.sayAlive()
            }
        }
    }

    private func sayAlive() async {
        for session in sessions { _ = try? await post("/\(session)", JanusRequest(janus: "keepalive")) }
    }
}
