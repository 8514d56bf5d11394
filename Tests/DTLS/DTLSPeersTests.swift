import COpenSSL
import TestSupport
import Testing
import Wire

@testable import DTLS

/// A handshake as others begin it, end it and disturb it.
@Suite("A DTLS peer")
struct DTLSPeersTests {
    private let ours: DTLSCertificate
    private let theirs: DTLSCertificate
    private let server: DTLSTransport
    private let client: DTLSTransport

    init() throws {
        ours = try DTLSCertificate()
        theirs = try DTLSCertificate()
        server = DTLSTransport(certificate: ours, remoteFingerprints: [theirs.fingerprint])
        client = DTLSTransport(certificate: theirs, remoteFingerprints: [ours.fingerprint], role: .client)
    }

    /// Runs until both have keys. What each is sent can be changed on its way.
    @discardableResult
    private func shake(
        _ server: DTLSTransport, _ client: DTLSTransport,
        toServer change: ([[UInt8]]) -> [[UInt8]] = { $0 }, toClient changeBack: ([[UInt8]]) -> [[UInt8]] = { $0 }
    ) throws -> (server: SRTPKeys?, client: SRTPKeys?) {
        var keys: (server: SRTPKeys?, client: SRTPKeys?)
        var pending = try client.begin().datagrams
        for _ in 0..<8 where keys.server == nil || keys.client == nil {
            var answers: [[UInt8]] = []
            for datagram in change(pending) {
                let step = try server.receive(datagram)
                keys.server = step.keys ?? keys.server
                answers += step.datagrams
            }
            pending = []
            for datagram in changeBack(answers) {
                let step = try client.receive(datagram)
                keys.client = step.keys ?? keys.client
                pending += step.datagrams
            }
        }
        return keys
    }

    @Test(
        "may have a certificate of any kind that peers have, whoever begins",
        arguments: DTLSCertificate.KeyKind.allCases)
    func certificates(kind: DTLSCertificate.KeyKind) throws {
        let other = try DTLSCertificate(kind)
        for begins in [true, false] {
            let us = DTLSTransport(
                certificate: ours, remoteFingerprints: [other.fingerprint], role: begins ? .client : .server)
            let them = DTLSTransport(
                certificate: other, remoteFingerprints: [ours.fingerprint], role: begins ? .server : .client)
            let keys = try begins ? shake(them, us) : shake(us, them)
            #expect(keys.server != nil && keys.server?.local == keys.client?.remote)
        }
    }

    @Test("may announce several fingerprints, of which its certificate has to have one")
    func fingerprints() throws {
        let certificate = try #require(theirs.makeSSL().flatMap { SSL_get_certificate($0) })
        let other = try #require(ours.makeSSL().flatMap { SSL_get_certificate($0) })
        func of(_ certificate: OpaquePointer, _ hash: Fingerprint.Hash) throws -> Fingerprint {
            let found = try #require(DTLSCertificate.fingerprint(of: certificate, by: hash))
            return try #require(Fingerprint(found.description.lowercased()))
        }
        for hash in Fingerprint.Hash.allCases {
            let good = try of(certificate, hash)
            for announced in [[good], [try of(other, hash), good], [try of(other, .sha256), good]] {
                let us = DTLSTransport(certificate: ours, remoteFingerprints: announced)
                let them = DTLSTransport(certificate: theirs, remoteFingerprints: [ours.fingerprint], role: .client)
                #expect(try shake(us, them).server != nil)
            }
        }
        let us = DTLSTransport(
            certificate: ours, remoteFingerprints: [try of(other, .sha256), try of(other, .sha384)])
        #expect(throws: DTLSTransport.Refusal.self) { try shake(us, client) }
    }

    // MARK: Hellos

    @Test("may cut a hello of post-quantum size into any pieces, in any order, and repeat them", arguments: 0..<20)
    func hello(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let ssl = try client.connected().ssl
        let names = [[UInt8]](repeating: [99] + [UInt8](repeating: 97, count: 99), count: 15).flatMap(\.self)
        #expect(SSL_set_alpn_protos(ssl, names, UInt32(names.count)) == 0)
        var number = -1
        func next() -> Int {
            number += 1
            return number
        }
        var isFirst = true
        let keys = try shake(server, client) { datagrams in
            guard isFirst else {  // these records' numbers would be taken for old ones
                return datagrams.map { datagram in
                    DTLSRecords.split(datagram).flatMap { record in
                        record[4] == 0
                            ? record[..<7] + DTLSRecords.big(next(), 4) + record[11...] : record[...]
                    }
                }
            }
            isFirst = false
            #expect(datagrams.count > 1)
            let body = DTLSRecords.body(datagrams)
            var cuts = [0, body.count] + (0..<6).map { _ in Int.random(in: 1..<body.count, using: &generator) }
            cuts = Set(cuts).sorted()
            let parts = zip(cuts, cuts.dropFirst()).map { $0..<$1 }
            var sent: [[UInt8]] = []
            for part in (parts + parts.prefix(3)).shuffled(using: &generator) {
                let record = DTLSRecords.make(22, number: next(), DTLSRecords.fragment(1, number: 0, body, part))
                if let last = sent.last, last.count + record.count < 1_200, Bool.random(using: &generator) {
                    sent[sent.count - 1] += record
                } else {
                    sent.append(record)
                }
            }
            return sent
        }
        #expect(keys.server != nil && keys.server?.local == keys.client?.remote)
    }

    @Test("is called again when it waits to be called (`setup:passive`)")
    func repeats() throws {
        let first = try client.begin().datagrams
        let deadline = ContinuousClock.now + .seconds(30)
        var again: [[UInt8]] = []
        repeat { again = client.tick().datagrams } while again.isEmpty && ContinuousClock.now < deadline
        #expect(DTLSRecords.body(again) == DTLSRecords.body(first))
    }

    // MARK: Refusals

    /// What a server says to a client's first flight, after it was changed.
    private func refusal(_ change: ([UInt8]) -> [UInt8]) throws -> DTLSTransport.Refusal? {
        let body = try DTLSRecords.body(client.begin().datagrams)
        let hello = DTLSRecords.make(22, number: 0, DTLSRecords.message(1, number: 0, change(body)))
        do {
            _ = try server.receive(hello)
            return nil
        } catch let refusal as DTLSTransport.Refusal {
            return refusal
        }
    }

    @Test("is told by an alert that it has no SRTP profile of ours")
    func noProfile() throws {
        let found = try refusal { body in
            // use_srtp, with the two profiles of ours.
            let known: [UInt8] = [0, 14, 0, 7, 0, 4, 0, 7, 0, 1, 0]
            guard let place = body.indices.first(where: { body[$0...].starts(with: known) }) else { return body }
            return body[..<place] + [0, 14, 0, 7, 0, 4, 0, 99, 0, 98, 0] + body[(place + known.count)...]
        }
        #expect(found?.reason == .noSRTPProfile)
        #expect(found?.datagrams.last.flatMap(DTLSRecords.alert) == 40, "handshake_failure")
    }

    @Test("is told by an alert that it has no cipher of ours")
    func noCipher() throws {
        let found = try refusal { body in
            let count = Int(body[36]) << 8 | Int(body[37])
            return body[..<36] + [0, 2, 0xEE, 0xEE] + body[(38 + count)...]
        }
        guard case .openSSL = found?.reason else {
            Issue.record("\(String(describing: found))")
            return
        }
        #expect(found?.datagrams.last.flatMap(DTLSRecords.alert) == 40, "handshake_failure")
    }

    @Test("is told by an alert that it has to show a certificate")
    func noCertificate() throws {
        let refusal = #expect(throws: DTLSTransport.Refusal.self) {
            try shake(
                server, client,
                toServer: { datagrams in
                    datagrams.map { datagram in
                        DTLSRecords.split(datagram).flatMap { record in
                            record[0] == 22 && record[4] == 0 && record[13] == 11
                                ? DTLSRecords.make(22, number: 9, DTLSRecords.message(11, number: 1, [0, 0, 0]))
                                : record
                        }
                    }
                })
        }
        #expect(refusal?.datagrams.last.flatMap(DTLSRecords.alert) == 40, "handshake_failure")
    }

    // MARK: Others

    /// What anybody can send who knows the addresses.
    private static let forged: [[UInt8]] = [
        DTLSRecords.make(21, number: 90, [2, 40]),
        DTLSRecords.make(21, number: 91, [1, 0]),
        DTLSRecords.make(21, number: 92, [2]),
        DTLSRecords.make(20, number: 93, [2]),
        DTLSRecords.make(20, number: 94, []),
        DTLSRecords.make(23, number: 95, [1, 2, 3]),
        DTLSRecords.make(24, number: 96, [1, 0, 16]),
        DTLSRecords.make(22, number: 97, []),
        DTLSRecords.make(22, number: 98, [1, 2, 3]),
        DTLSRecords.make(22, number: 99, DTLSRecords.message(99, number: 0, [1])),
        DTLSRecords.make(22, number: 100, DTLSRecords.message(1, number: 0, [1, 2, 3])),
        DTLSRecords.make(22, number: 101, DTLSRecords.message(20, number: 4, [UInt8](repeating: 1, count: 12))),
        DTLSRecords.make(22, number: 102, DTLSRecords.message(16, number: 1, [1])),
        DTLSRecords.make(22, number: 103, [1, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 1]),
        DTLSRecords.make(22, number: 104, [1, 0, 0, 9, 0, 0, 0, 0, 8, 0, 0, 2, 1, 1]),
        DTLSRecords.make(21, epoch: 1, number: 0, [UInt8](repeating: 5, count: 26)),
        DTLSRecords.make(22, epoch: 1, number: 1, [UInt8](repeating: 5, count: 40)),
        DTLSRecords.make(22, epoch: 7, number: 0, [UInt8](repeating: 5, count: 40)),
        [22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 120, 0xFF, 0xFF, 1, 2, 3],
        [22, 3, 3, 0, 0, 0, 0, 0, 0, 0, 121, 0, 1, 1],
    ]

    @Test("isn't parted from us by what others send in the middle of its handshake", arguments: forged.indices)
    func forgery(number: Int) throws {
        let junk = Self.forged[number]
        let keys = try shake(
            server, client, toServer: { $0.flatMap { [junk, $0 + junk, junk] } },
            toClient: { $0.flatMap { [junk, $0 + junk, junk] } })
        #expect(keys.server != nil && keys.server?.local == keys.client?.remote)
    }

    @Test("leaves when it says so with its keys, and not when another does")
    func leaving() throws {
        try shake(server, client)
        for junk in Self.forged { #expect(try !server.receive(junk).closed) }
        let farewell = try #require(client.farewell().first)
        var changed = farewell
        changed[farewell.count - 1] ^= 1
        #expect(try !server.receive(changed).closed)
        #expect(try server.receive(farewell).closed)
        server.close()
        #expect(try !server.receive(farewell).closed)
    }

    @Test(
        "is heard leaving when only its key was kept, whatever its cipher",
        arguments: [
            "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305",
        ])
    func goodbye(cipher: String) throws {
        #expect(SSL_set_cipher_list(try client.connected().ssl, cipher) == 1)
        var watches: (server: GoodbyeWatch?, client: GoodbyeWatch?)
        var pending = try client.begin().datagrams
        for _ in 0..<4 {
            let steps = try pending.map { try server.receive($0) }
            watches.server = steps.compactMap(\.goodbye).first ?? watches.server
            let answers = try steps.flatMap(\.datagrams).map { try client.receive($0) }
            watches.client = answers.compactMap(\.goodbye).first ?? watches.client
            pending = answers.flatMap(\.datagrams)
        }
        let (ofServer, ofClient) = (try #require(watches.server), try #require(watches.client))
        let clientLeaves = try #require(client.farewell().first)
        let serverLeaves = try #require(server.farewell().first)
        #expect(ofServer.hears(clientLeaves) && ofClient.hears(serverLeaves))
        #expect(!ofServer.hears(serverLeaves) && !ofClient.hears(clientLeaves))
        #expect(ofServer.hears(Self.forged[0] + clientLeaves))
        for index in clientLeaves.indices {
            var changed = clientLeaves
            changed[index] ^= 1
            #expect(!ofServer.hears(changed))
            #expect(!ofServer.hears(Array(clientLeaves[..<index])))
        }
        for junk in Self.forged { #expect(!ofServer.hears(junk)) }
    }
}
