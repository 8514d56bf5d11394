import Benchmark

@testable import DTLS
@testable import ICE
@testable import Rigs
@testable import SFU
@testable import Wire

/// What is said beside the media.
func registerControl() {
    registerCheck()
    registerHandshake()
    registerRepair()
    registerReports()
}

private final class CheckState {
    let responder = ICELiteResponder()
    let credentials = ICECredentials(usernameFragment: "relayuser", password: "a-password-of-24-letters")
    let check: [UInt8]

    init() {
        var generator = SystemRandomNumberGenerator()
        let checker = ConnectivityChecker(remote: credentials, localFragment: "peer", using: &generator)
        check = checker.makeCheck() ?? []
        precondition(!check.isEmpty)
    }
}

private func registerCheck() {
    Station(
        name: "control: answer a STUN check",
        setup: { CheckState() },
        body: { state in
            for _ in 0..<1_000 {
                let source = RelayRig.address(1)
                blackHole(state.responder.receive(state.check, from: source) { _ in state.credentials.password })
            }
        }
    ).register()
}

private final class HandshakeState {
    let (server, client): (DTLSCertificate, DTLSCertificate)
    let (serverFingerprint, clientFingerprint): (String, String)

    init() throws {
        (server, client) = (try DTLSCertificate(), try DTLSCertificate())
        (serverFingerprint, clientFingerprint) = (server.fingerprint, client.fingerprint)
    }

    /// Both sides, over memory.
    func run() throws {
        let server = DTLSTransport(certificate: server, remoteFingerprint: clientFingerprint)
        let client = DTLSTransport(certificate: client, remoteFingerprint: serverFingerprint, role: .client)
        var toServer = try client.begin().datagrams
        var keys = 0
        while keys < 2, !toServer.isEmpty {
            var toClient: [[UInt8]] = []
            for datagram in toServer {
                let step = try server.receive(datagram)
                toClient += step.datagrams
                if step.keys != nil { keys += 1 }
            }
            toServer = []
            for datagram in toClient {
                let step = try client.receive(datagram)
                toServer += step.datagrams
                if step.keys != nil { keys += 1 }
            }
        }
        precondition(keys == 2, "the handshake stands still")
    }
}

private func registerHandshake() {
    Station(
        name: "control: DTLS handshake, both sides",
        operations: 1,
        setup: { try HandshakeState() },
        body: { state in do { try state.run() } catch { preconditionFailure("\(error)") } }
    ).register()
}

/// A viewer who misses the newest packet, again and again.
private final class RepairState {
    let rig: RelayRig
    let viewer: RelayPeer
    let request: [UInt8]

    init() throws {
        rig = try RelayRig(viewers: 100, cipher: .openSSL, outlet: NullOutlet())
        guard let audience = rig.engine.audiences.values.first, let feed = audience.show.feed(.video),
            let viewer = rig.engine.peers[audience.downlinks.pointer(50).pointee.session]
        else { throw Failure(reason: "the rig has no viewers") }
        let track = audience.downlinks.pointer(50).pointee.tracks[feed.kind.number]
        let number = track.number(of: track.next - 1)
        var compound = RTCPCompound()
        compound.receiverReport(sender: 1)
        compound.nack(sender: 1, media: feed.sources.media, lost: [UInt16(truncatingIfNeeded: number)])
        (self.viewer, request) = (viewer, compound.bytes)
    }

    func answer() {
        viewer.repairsThisSecond = 0
        rig.engine.receiveFeedback(request, of: viewer, at: rig.now)
    }
}

private func registerRepair() {
    Station(
        name: "control: answer a NACK from the ring",
        setup: {
            let state = try RepairState()
            let before = state.viewer.statistics.repairedPackets
            state.answer()
            precondition(state.viewer.statistics.repairedPackets == before + 1, "it was not answered")
            return state
        },
        body: { state in for _ in 0..<1_000 { state.answer() } }
    ).register()
}

private func registerReports() {
    Station(
        name: "control: parse a compound of a report and a NACK",
        setup: {
            var compound = RTCPCompound()
            compound.receiverReport(
                sender: 1,
                [
                    ReportBlock(
                        ssrc: 2, fractionLost: 3, cumulativeLost: 4, highestSequence: 5, jitter: 6, lastReport: 7,
                        delay: 8)
                ])
            compound.nack(sender: 1, media: 2, lost: [10, 11, 30])
            return compound.bytes
        },
        body: { (bytes: [UInt8]) in for _ in 0..<1_000 { blackHole(RTCPPacket.parse(bytes)) } }
    ).register()
}
