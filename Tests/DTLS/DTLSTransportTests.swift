import TestSupport
import Testing
import Wire

@testable import DTLS

@Suite("A DTLS handshake")
struct DTLSTransportTests {
    private let ours: DTLSCertificate
    private let theirs: DTLSCertificate

    init() throws {
        ours = try DTLSCertificate()
        theirs = try DTLSCertificate()
    }

    /// Runs until both have keys, losing so many of 100 datagrams.
    private func shake(
        _ server: DTLSTransport, _ client: DTLSTransport, losing percent: Int, seed: UInt64
    ) throws -> (server: SRTPKeys?, client: SRTPKeys?) {
        var generator = SeededGenerator(seed: seed)
        var keys: (server: SRTPKeys?, client: SRTPKeys?)
        var toServer = try client.begin().datagrams
        var toClient: [[UInt8]] = []
        let deadline = ContinuousClock.now + .seconds(20)
        while keys.server == nil || keys.client == nil, ContinuousClock.now < deadline {
            for datagram in toServer where Int.random(in: 0..<100, using: &generator) >= percent {
                let step = try server.receive(datagram)
                keys.server = step.keys ?? keys.server
                toClient += step.datagrams
            }
            toServer = []
            for datagram in toClient where Int.random(in: 0..<100, using: &generator) >= percent {
                let step = try client.receive(datagram)
                keys.client = step.keys ?? keys.client
                toServer += step.datagrams
            }
            toClient = server.tick().datagrams
            toServer += client.tick().datagrams
        }
        return keys
    }

    @Test("gives both sides the same keys, in AES-GCM")
    func plain() throws {
        let server = DTLSTransport(certificate: ours, remoteFingerprints: [theirs.fingerprint])
        let client = DTLSTransport(certificate: theirs, remoteFingerprints: [ours.fingerprint], role: .client)
        let keys = try shake(server, client, losing: 0, seed: 1)
        let (serverKeys, clientKeys) = (try #require(keys.server), try #require(keys.client))
        #expect(serverKeys.local == clientKeys.remote && serverKeys.remote == clientKeys.local)
        #expect(serverKeys.local != serverKeys.remote && serverKeys.profile == .aeadAES128GCM)
    }

    @Test("is finished although flights are lost", arguments: 2..<8)
    func loss(seed: UInt64) throws {
        let server = DTLSTransport(certificate: ours, remoteFingerprints: [theirs.fingerprint])
        let client = DTLSTransport(certificate: theirs, remoteFingerprints: [ours.fingerprint], role: .client)
        let keys = try shake(server, client, losing: 25, seed: seed)
        #expect(keys.server != nil && keys.server?.local == keys.client?.remote)
    }

    @Test("is refused when the certificate is not the one that was announced")
    func wrongFingerprint() throws {
        let server = DTLSTransport(certificate: ours, remoteFingerprints: [ours.fingerprint])
        let client = DTLSTransport(certificate: theirs, remoteFingerprints: [ours.fingerprint], role: .client)
        let refusal = #expect(throws: DTLSTransport.Refusal.self) { try shake(server, client, losing: 0, seed: 1) }
        #expect(refusal?.reason == .wrongFingerprint)
        #expect(refusal?.datagrams.last.flatMap(DTLSRecords.alert) == 42, "bad_certificate")
    }

    @Test("outlives any datagram that is none of it")
    func noise() throws {
        let server = DTLSTransport(certificate: ours, remoteFingerprints: [theirs.fingerprint])
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<2_000 {
            var bytes = generator.bytes(Int.random(in: 1...200, using: &generator))
            bytes[0] = UInt8.random(in: 20...63, using: &generator)
            _ = try? server.receive(bytes)
        }
        let client = DTLSTransport(certificate: theirs, remoteFingerprints: [ours.fingerprint], role: .client)
        #expect(try !client.begin().datagrams.isEmpty)
    }
}
