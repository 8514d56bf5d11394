import DTLS
import ICE
import SRTP
import TestSupport
import Testing
import Wire

@testable import SFU

/// A peer of the relay in virtual time, with real ICE, DTLS and SRTP.
class VirtualPeer {
    /// It may change in the middle of a show.
    var address: SocketAddress
    /// Of its own making; it needs no socket.
    let certificate: DTLSCertificate
    let localFragment = "virt"
    let localPassword = "a virtual peer's password"
    /// Answers the relay's own checks, unless it is told not to.
    private let responder = ICELiteResponder(isControlling: true)
    var answersChecks = true
    private(set) var checksAnswered = 0
    private let scratch: SRTCPScratch
    private(set) var checker: ConnectivityChecker?
    private var transport: DTLSTransport?
    private(set) var opener: UplinkSession?
    private(set) var control: SRTCPSession?
    private(set) var keys: SRTPKeys?
    private var lastCheck: MonotonicTime?
    /// Datagrams on their way to the relay.
    var outbox: [[UInt8]] = []
    var checksForgiven = 0
    private(set) var connectedAt: MonotonicTime?
    private(set) var failure: (any Error)?

    init(_ address: SocketAddress, certificate: DTLSCertificate) throws {
        scratch = try SRTCPScratch()
        self.address = address
        self.certificate = certificate
    }

    var isConnected: Bool { keys != nil }

    /// Takes what the relay's SDP says of it.
    func meet(_ sdp: String, using generator: inout SeededGenerator) throws {
        let description = try SessionDescription(parsing: sdp)
        let media = try #require(description.media.first { $0.port != 0 })
        checker = ConnectivityChecker(
            remote: ICECredentials(
                usernameFragment: try #require(description.value("ice-ufrag", in: media)),
                password: try #require(description.value("ice-pwd", in: media))),
            localFragment: localFragment, using: &generator)
        let fingerprint = try #require(description.value("fingerprint", in: media).flatMap { Fingerprint($0) })
        transport =
            transport
            ?? DTLSTransport(certificate: certificate, remoteFingerprints: [fingerprint], role: .client)
        lastCheck = nil
    }

    func checkAtOnce() { lastCheck = nil }

    func tick(at now: MonotonicTime) {
        guard let checker else { return }
        if lastCheck.map({ now.milliseconds(since: $0) >= (isConnected ? 2_500 : 50) }) ?? true {
            lastCheck = now
            if let check = checker.makeCheck() { outbox.append(check) }
        }
        outbox += transport?.tick().datagrams ?? []
    }

    func receive(_ datagram: [UInt8], at now: MonotonicTime) {
        defer { if isConnected { connectedAt = connectedAt ?? now } }
        switch datagram.first ?? 255 {
        case 0 where datagram.count > 1 && datagram[1] == 1: answerCheck(datagram)
        case 0...3: if checker?.receive(datagram) == true, !isConnected { advance { try $0.begin() } }
        case 20...63: advance { try $0.receive(datagram) }
        default: receiveMedia(datagram, at: now)
        }
    }

    private func answerCheck(_ check: [UInt8]) {
        guard answersChecks else { return }
        let password = localPassword
        if case .checked(_, _, let reply) = responder.receive(check, from: address, password: { _ in password }) {
            checksAnswered += 1
            outbox.append(reply)
        }
    }

    private func advance(_ body: (DTLSTransport) throws -> DTLSTransport.Step) {
        guard let transport else { return }
        do {
            let step = try body(transport)
            outbox += step.datagrams
            guard let keys = step.keys else { return }
            self.keys = keys
            opener = try UplinkSession(keys)
            control = try SRTCPSession(keys)
            try connected(keys)
        } catch {
            failure = error
        }
    }

    private func receiveMedia(_ datagram: [UInt8], at now: MonotonicTime) {
        if (192...223).contains(datagram[1]) {
            if let packet = try? control?.open(datagram, with: scratch) { receiveReport(packet, at: now) }
            return
        }
        var bytes = datagram
        let outcome = bytes.withUnsafeMutableBytes { opener?.open($0, isRTCP: false) }
        if case .opened(let count) = outcome { receivePacket(Array(bytes.prefix(count)), at: now) }
    }

    /// What says that it leaves.
    func farewell() -> [[UInt8]] { transport?.farewell() ?? [] }

    /// As its certificate and its `o=` line have it, another process begins again.
    func startOver() {
        (transport, keys, opener, control, checker) = (nil, nil, nil, nil, nil)
    }

    func sendReport(_ compound: RTCPCompound) {
        if let sealed = control?.seal(compound.bytes, with: scratch) { outbox.append(sealed) }
    }

    func connected(_ keys: SRTPKeys) throws {}
    func receivePacket(_ packet: [UInt8], at now: MonotonicTime) {}
    func receiveReport(_ packet: [UInt8], at now: MonotonicTime) {}
}
