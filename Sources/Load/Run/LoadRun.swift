import DTLS
import Foundation
import ICE
import Net
import Wire

/// One run: a publisher, viewers that join one after the other, a span that is measured, and an orderly end. Cancelling
/// its task ends it early, with the report of what there was.
package actor LoadRun {
    private static let leastConnections = 16
    private static let publishSeconds = 15.0
    private static let joinSeconds = 15.0
    /// What was lost may still be sent again.
    static let graceSeconds = 0.3

    let plan: LoadPlan
    let signaling: any SignalingClient
    /// Of the server's door: our sockets are on the way to it.
    private let serverHost: String
    private let progress: @Sendable (LoadProgress) -> Void
    private let certificate: DTLSCertificate
    private let handshakes: HandshakeThreads
    private(set) var workers: [ViewerWorker] = []
    private(set) var publisher: Publisher?
    /// When a published file's packets were sent.
    private var sendLog: SendLog?
    private var server: ServerProbe?
    private var localAddress: SocketAddress?
    private(set) var sessions: [SignaledSession] = []
    /// Viewers that never got as far as a worker.
    private(set) var refusals: [String] = []
    private(set) var launched = 0
    private let begun = MonotonicClock.now()
    private(set) var rampSeconds = 0.0
    var measurement: Measurement?
    var residentBefore: UInt64?
    var residentAfter: UInt64?
    var latencies = LatencyRecorder()

    package init(
        plan: LoadPlan, signaling: any SignalingClient, serverHost: String,
        progress: @escaping @Sendable (LoadProgress) -> Void
    ) throws {
        self.plan = plan
        self.signaling = signaling
        self.serverHost = serverHost
        self.progress = progress
        certificate = try DTLSCertificate()
        handshakes = HandshakeThreads(count: max(1, plan.threads))
    }

    package func run() async throws -> LoadReport {
        try prepare()
        let failure = await attempt()
        let standings = await self.standings()
        await end()
        if let failure { throw failure }
        return report(standings)
    }

    private func prepare() throws {
        try OwnProcess.allowDescriptors(plan.viewers + 256)
        if let process = plan.serverProcess { server = try ServerProbe(process: process) }
        localAddress = try ServerAddress.local(towards: serverHost)
    }

    /// What kept the run from being made, or nil.
    private func attempt() async -> (any Error)? {
        do {
            try await publish()
            residentBefore = server?.residentBytes
            try await join()
            await measure(server)
            return nil
        } catch {
            return error
        }
    }

    // MARK: The publisher

    private func publish() async throws {
        guard plan.publish != .none else { return }
        let loop = PollLoop(name: "load publisher", core: plan.core)
        let (link, local) = try makeLink(number: 0, loop: loop, isTimed: false)
        var generator = SystemRandomNumberGenerator()
        let sources = PublishedSources.random(using: &generator)
        let video: any VideoSource
        if case .file(let path) = plan.publish {
            let log = SendLog()
            video = try VideoFile.read(path, log: log)
            sendLog = log
        } else {
            video = SyntheticVideo(using: &generator)
        }
        let publisher = try Publisher(loop: loop, link: link, sources: sources, video: video)
        let session = try await signaling.publish(local.publishOffer(video: video.codec, sources))
        sessions.append(session)
        self.publisher = publisher
        publisher.begin(try RemoteDescription(parsing: session.description), certificate: certificate)
        try await wait(Self.publishSeconds, .publishing) {
            let (count, failure) = await Self.ask(publisher) { ($0.count, $0.link.failure) }
            if let failure { throw LoadFailure("publishing: \(failure)") }
            return count.packets > 50
        }
        guard await Self.ask(publisher, { $0.count.packets > 0 }) || Task.isCancelled else {
            throw LoadFailure("publishing: the server's media port doesn't answer")
        }
    }

    static func ask<Answer: Sendable>(
        _ publisher: Publisher, _ question: @escaping @Sendable (Publisher) -> Answer
    ) async -> Answer {
        await withCheckedContinuation { continuation in
            publisher.loop.perform { continuation.resume(returning: question(publisher)) }
        }
    }

    private func makeLink(
        number: Int, loop: PollLoop, isTimed: Bool, profile: LinkProfile? = nil
    ) throws(LoadFailure) -> (PeerLink, LocalDescription) {
        var options = MediaSocket.Options()
        options.isTimed = isTimed
        options.isJoined = plan.joinsReceives
        var generator = SystemRandomNumberGenerator()
        let credentials = ICECredentials.random(using: &generator)
        do {
            let socket = try MediaSocket(isIPv4: localAddress?.isIPv4 ?? true, options)
            let link = PeerLink(
                number: number, socket: socket, credentials: credentials, loop: loop, handshakes: handshakes,
                weak: profile.map { WeakLink(ShapedLink($0, at: MonotonicClock.now(), using: generator)) })
            var local = LocalDescription(
                credentials: credentials, fingerprint: certificate.fingerprint,
                candidate: localAddress?.with(port: socket.port))
            if signaling.serverOffers { local.setup = .active }
            local.givesFeedback = plan.givesFeedback
            return (link, local)
        } catch {
            throw LoadFailure(error.reason)
        }
    }

    // MARK: The viewers

    private func join() async throws {
        guard plan.viewers > 0 else { return }
        for number in 0..<plan.threads {
            let worker = try ViewerWorker(
                number: number, core: plan.core.map { $0 + number }, joined: plan.joinsReceives)
            workers.append(worker)
            worker.start()
        }
        let begun = MonotonicClock.now()
        // Alone, so that a wrong address or token is one clear line.
        if let reason = await launch(0) { throw LoadFailure(reason) }
        await withTaskGroup(of: Void.self) { group in
            for number in 1..<max(1, plan.viewers) {
                let due = begun.nanoseconds + Int64(Double(number) / plan.ramp * 1e9)
                while MonotonicClock.now().nanoseconds < due, !Task.isCancelled {
                    let left = due - MonotonicClock.now().nanoseconds
                    try? await Task.sleep(nanoseconds: UInt64(max(1, min(left, 100_000_000))))
                    await showProgress(.joining)
                }
                if Task.isCancelled { break }
                group.addTask { _ = await self.launch(number) }
            }
        }
        rampSeconds = Double(MonotonicClock.now().nanoseconds - begun.nanoseconds) / 1e9
        try await wait(Self.joinSeconds, .joining) {
            let standings = await self.standings()
            return standings.allSatisfy { $0.hasJoined || $0.failure != nil }
        }
    }

    /// Starts one viewer. Why its session can't be had, or nil.
    private func launch(_ number: Int) async -> String? {
        let worker = workers[number % workers.count]
        launched += 1
        do {
            let isVerifying = plan.verifies(number)
            let (link, local) = try makeLink(
                number: number, loop: worker.loop, isTimed: isVerifying, profile: plan.link(of: number))
            let viewer = Viewer(number: number, link: link, isVerifying: isVerifying, asked: MonotonicClock.now())
            let session: SignaledSession
            let remote: RemoteDescription
            if signaling.serverOffers {
                session = try await signaling.invite()
                sessions.append(session)
                remote = try RemoteDescription(parsing: session.description)
                var answering = local.moved(towards: remote)
                answering.isLite = !remote.isLite  // one of both has to check
                try await signaling.accept(answering.answer(to: remote), session)
            } else {
                session = try await signaling.play(local.playOffer)
                sessions.append(session)
                remote = try RemoteDescription(parsing: session.description)
            }
            let isLite = signaling.serverOffers && !remote.isLite
            let (certificate, log) = (certificate, sendLog)
            worker.loop.perform { worker.begin(viewer, remote, certificate: certificate, isLite: isLite, log: log) }
            return nil
        } catch {
            refusals.append(error.reason)
            return error.reason
        }
    }

    func standings() async -> [ViewerWorker.Standing] {
        var standings: [ViewerWorker.Standing] = []
        for worker in workers { standings += await worker.ask { $0.standings } }
        return standings
    }

    // MARK: The end

    private func end() async {
        await showProgress(.ending)
        for worker in workers { worker.stop() }
        publisher?.loop.stop()
        let ending = sessions
        await withTaskGroup(of: Void.self) { group in
            for (number, session) in ending.enumerated() {
                if number >= Self.leastConnections { await group.next() }
                group.addTask { await self.signaling.end(session) }
            }
        }
    }

    // MARK: Waiting

    /// Until the condition holds, for so long at most, or until the run is cancelled.
    func wait(
        _ seconds: Double, _ phase: LoadProgress.Phase, until isMet: () async throws -> Bool
    ) async throws {
        let deadline = MonotonicClock.now().advanced(byMilliseconds: Int64(seconds * 1_000))
        while !Task.isCancelled, try await !isMet(), MonotonicClock.now() < deadline {
            let left = deadline.milliseconds(since: MonotonicClock.now())
            try? await Task.sleep(for: .milliseconds(max(1, min(50, left))))
            await showProgress(phase)
        }
    }

    private var lastProgress = (time: MonotonicClock.now(), count: ViewerCount())

    private func showProgress(_ phase: LoadProgress.Phase) async {
        let now = MonotonicClock.now()
        let elapsed = now.milliseconds(since: lastProgress.time)
        guard elapsed >= 1_000 else { return }
        let before = lastProgress
        lastProgress.time = now
        var count = ViewerCount()
        var standings: [ViewerWorker.Standing] = []
        for worker in workers {
            let (each, part) = await worker.ask { ($0.count, $0.standings) }
            count += each
            standings += part
        }
        lastProgress.count = count
        let difference = count - before.count
        progress(
            LoadProgress(
                phase: phase, elapsedSeconds: Double(now.milliseconds(since: begun)) / 1_000, viewers: plan.viewers,
                joined: standings.count { $0.hasJoined },
                failed: standings.count { $0.failure != nil } + refusals.count,
                packetsPerSecond: Double(difference.packets) * 1_000 / Double(elapsed),
                bitsPerSecond: Double(difference.bytes) * 8_000 / Double(elapsed)))
    }
}
