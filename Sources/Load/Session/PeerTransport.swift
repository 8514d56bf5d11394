import DTLS
import ICE
import Wire

/// The way to one server, without sockets and clocks: finds a path by ICE, sees to the DTLS handshake, and keeps the
/// consent fresh. Datagrams and the time go in, actions come out.
final class PeerTransport {
    enum Action {
        case send([UInt8], to: SocketAddress)
        /// A datagram for the handshake; nil begins it, or lets it send again what was lost.
        case handshake(HandshakeInput)
        /// From here on the server is there.
        case selected(SocketAddress)
        case connected(SRTPKeys)
        case failed(String)
    }

    enum HandshakeInput: Sendable { case begin, datagram([UInt8]), tick }
    private enum Stage { case checking, handshaking, connected, failed }

    private static let checkMilliseconds: Int64 = 50
    private static let handshakeMilliseconds: Int64 = 50
    /// RFC 7675, section 5.1: every 5 s, given up after 30 s.
    private static let consentMilliseconds: Int64 = 5_000
    private static let consentLimitMilliseconds: Int64 = 30_000
    private static let joinLimitMilliseconds: Int64 = 20_000

    let handshake: DTLSTransport
    private let local: ICECredentials
    private let role: DTLSTransport.Role
    /// One for each candidate: whose answer it is says which path works. Empty when the server checks.
    private var ways: [(address: SocketAddress, checker: ConnectivityChecker)] = []
    private var stage = Stage.checking
    private var path: SocketAddress?
    private let begun: MonotonicTime
    private var nextAction: MonotonicTime
    private var lastConsent: MonotonicTime

    /// `isLite`: the server checks, we only answer.
    init(
        remote: RemoteDescription, local: ICECredentials, certificate: DTLSCertificate, isLite: Bool,
        at now: MonotonicTime, using generator: inout some RandomNumberGenerator
    ) {
        self.local = local
        role = remote.isActive ? .server : .client
        handshake = DTLSTransport(certificate: certificate, remoteFingerprints: [remote.fingerprint], role: role)
        begun = now
        nextAction = now
        lastConsent = now
        guard !isLite else { return }
        for address in remote.candidates {
            let checker = ConnectivityChecker(
                remote: remote.credentials, localFragment: local.usernameFragment, using: &generator)
            ways.append((address, checker))
        }
    }

    var isConnected: Bool { stage == .connected }

    /// Takes what is no media: STUN or DTLS. `responder` answers the server's own checks.
    func receive(
        _ datagram: [UInt8], from source: SocketAddress?, _ responder: ICELiteResponder, at now: MonotonicTime
    ) -> [Action] {
        guard let first = datagram.first, stage != .failed else { return [] }
        switch first {  // RFC 7983
        case 0...3: return receiveCheck(datagram, from: source, responder, at: now)
        case 20...63 where stage == .handshaking: return [.handshake(.datagram(datagram))]
        case 21 where stage == .connected: return fail("the server ended the session")
        default: return []
        }
    }

    private func receiveCheck(
        _ datagram: [UInt8], from source: SocketAddress?, _ responder: ICELiteResponder, at now: MonotonicTime
    ) -> [Action] {
        if let way = ways.first(where: { $0.checker.receive(datagram) }) {
            lastConsent = now
            return select(way.address, at: now)
        }
        guard let source = source ?? path else { return [] }
        let outcome = responder.receive(datagram, from: source) { [local] in
            $0 == local.usernameFragment ? local.password : nil
        }
        switch outcome {
        case .checked(_, let nominates, let reply):
            lastConsent = now
            return [.send(reply, to: source)] + (ways.isEmpty && nominates ? select(source, at: now) : [])
        case .refused(let reply): return [.send(reply, to: source)]
        case .ignored: return []
        }
    }

    private func select(_ address: SocketAddress, at now: MonotonicTime) -> [Action] {
        guard stage == .checking else { return [] }
        stage = .handshaking
        path = address
        ways.removeAll { $0.address != address }
        nextAction = now.advanced(byMilliseconds: Self.handshakeMilliseconds)
        return [.selected(address)] + checks(nominating: true) + (role == .client ? [.handshake(.begin)] : [])
    }

    /// What the time asks for; to be called some times a second.
    func advance(at now: MonotonicTime) -> [Action] {
        guard stage != .failed, now >= nextAction else { return [] }
        switch stage {
        case .connected: return keepConsent(at: now)
        case _ where now.milliseconds(since: begun) > Self.joinLimitMilliseconds:
            return fail(stage == .checking ? "no answer to ICE checks" : "the DTLS handshake doesn't end")
        case .handshaking:
            nextAction = now.advanced(byMilliseconds: Self.handshakeMilliseconds)
            return checks(nominating: true) + [.handshake(.tick)]
        default:
            nextAction = now.advanced(byMilliseconds: Self.checkMilliseconds)
            return checks(nominating: false)
        }
    }

    private func keepConsent(at now: MonotonicTime) -> [Action] {
        guard now.milliseconds(since: lastConsent) < Self.consentLimitMilliseconds else {
            return fail("the server went silent")
        }
        nextAction = now.advanced(byMilliseconds: Self.consentMilliseconds)
        return checks(nominating: true)
    }

    /// Only the path that was taken is nominated: a server that was told two would follow the later one.
    private func checks(nominating: Bool) -> [Action] {
        ways.compactMap { way in
            way.checker.makeCheck(nominating: nominating).map { .send($0, to: way.address) }
        }
    }

    /// Takes what a step of the handshake led to.
    func take(_ result: Result<DTLSTransport.Step, any Error>, at now: MonotonicTime) -> [Action] {
        guard stage == .handshaking, let path else { return [] }
        switch result {
        case .failure(let refusal as DTLSTransport.Refusal) where refusal.reason == .wrongFingerprint:
            return fail("the server's certificate isn't the one that its SDP names")
        case .failure(let error): return fail("DTLS: \(error)")
        case .success(let step):
            var actions = step.datagrams.map { Action.send($0, to: path) }
            guard let keys = step.keys else { return actions }
            stage = .connected
            nextAction = now.advanced(byMilliseconds: Self.consentMilliseconds)
            actions.append(.connected(keys))
            return actions
        }
    }

    private func fail(_ reason: String) -> [Action] {
        stage = .failed
        return [.failed(reason)]
    }
}
