import DTLS
package import Logging
private import Net
package import Wire

/// Vitrine's own media peer: takes one uplink a stream, and serves it to any number of viewers.
package struct Relay: Sendable {
    /// A peer that was taken: how it is called, and the answer to its offer.
    package struct Session: Sendable {
        package let id: RelaySessionID
        package let answer: String
        /// Names its ICE credentials: another one after a restart (RFC 9725, section 4.3.1).
        package let tag: String
    }

    /// What became of a peer's message about its ICE (RFC 9725, section 4.3).
    package enum Patch: Sendable {
        case noSuchSession
        /// It speaks of credentials that are not in use any more.
        case stale
        /// An ICE-lite peer needs no candidates of others: their checks tell.
        case trickled
        /// Lines of SDP with the relay's new credentials and its candidates.
        case restarted(lines: [String], tag: String)
    }

    private let workers: [RelayWorker]
    private let handshakes: HandshakePool

    /// What becomes of streams' uplinks.
    package let uplinks: AsyncStream<UplinkNews>

    /// Listens at once. Throws `.unavailable` when it can't.
    package init(configuration: RelayConfiguration, logger: Logger) throws(RelayError) {
        let (news, continuation) = AsyncStream<UplinkNews>.makeStream()
        uplinks = news
        do {
            let certificate = try DTLSCertificate()
            let handshakes = HandshakePool(threads: configuration.workers)
            self.handshakes = handshakes
            workers = try (0..<configuration.workers).map { number in
                try RelayWorker(
                    number: number, configuration: configuration, certificate: certificate, handshakes: handshakes,
                    logger: logger, onUplink: { continuation.yield($0) })
            }
        } catch let failure as NetFailure {
            throw .unavailable(reason: failure.reason)
        } catch {
            throw .unavailable(reason: "\(error)")
        }
        let links = Dictionary(uniqueKeysWithValues: workers.map(\.link).enumerated().map { ($0, $1) })
        for (number, worker) in workers.enumerated() {
            worker.meet(links.filter { $0.key != number })
            worker.start()
        }
    }

    /// A stream's uplink is always on the same worker: another one takes it over there.
    private func worker(ofUplink stream: StreamID) -> RelayWorker { workers[Int(stream.sum % UInt(workers.count))] }

    private func worker(of session: RelaySessionID) -> RelayWorker { workers[session.worker(of: workers.count)] }

    /// Has the worker with the fewest viewers take one more.
    private func place<Taken>(_ body: (RelayWorker) async throws -> Taken) async throws -> Taken {
        guard let worker = workers.min(by: { $0.load.count < $1.load.count }) else {
            throw RelayError.unavailable(reason: "no worker")
        }
        worker.load.join()
        do {
            return try await body(worker)
        } catch {
            worker.load.leave()
            throw error
        }
    }

    /// `resumes`: the same connection may offer again, to restart ICE; else each offer is another session's, as in WHIP
    /// (RFC 9725, section 4.2), whatever it has in common with the one before.
    package func publish(_ stream: StreamID, offer: String, resumes: Bool = false) async throws -> Session {
        try await worker(ofUplink: stream).publish(stream, offer: offer, resumes: resumes)
    }

    package func play(_ stream: StreamID, offer: String) async throws -> Session {
        try await place { try await $0.play(stream, offer: offer) }
    }

    /// Takes a viewer to whom the relay offers.
    package func invite(_ stream: StreamID) async throws -> (id: RelaySessionID, offer: String) {
        try await place { try await $0.invite(stream) }
    }

    /// Takes a viewer's answer. The picture's codec, in words, when the viewer doesn't play it.
    @discardableResult
    package func accept(_ session: RelaySessionID, answer: String) async throws -> String? {
        try await worker(of: session).accept(session, answer: answer)
    }

    /// Takes a peer's message about its ICE. `tag`: what it thinks is in use, nil for whatever is. `remoteFragment`,
    /// `remotePassword`: its own credentials, which are others when it restarts.
    package func patch(
        _ session: RelaySessionID, tag: String?, remoteFragment: String?, remotePassword: String? = nil
    ) async -> Patch {
        let remote = RemoteCredentials(usernameFragment: remoteFragment, password: remotePassword)
        return await worker(of: session).patch(session, tag: tag, remote: remote)
    }

    /// False when there is no such session.
    package func end(_ session: RelaySessionID) async -> Bool { await worker(of: session).end(session) }

    /// Ends all sessions of a show that is over: uplinks, pages and players.
    package func end(_ stream: StreamID) async {
        for worker in workers { await worker.end(stream) }
    }

    /// What is going on now.
    package func statistics() async -> [RelayStatistics] {
        var all: [RelayStatistics] = []
        for worker in workers { all.append(await worker.statistics()) }
        return all
    }

    package func stop() {
        for worker in workers { worker.stop() }
        handshakes.stop()
    }
}
