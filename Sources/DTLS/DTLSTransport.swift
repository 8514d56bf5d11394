private import COpenSSL
package import Wire

// Unchecked: one thread at a time has it; its owner sees to that.
/// One half of a DTLS 1.2 handshake (RFC 6347, RFC 5764): datagrams in, datagrams out, and keys when it is done.
package final class DTLSTransport: @unchecked Sendable {
    /// Who says hello. The relay waits for it (`a=setup:passive`): browsers that begin choose AES-GCM.
    package enum Role: Sendable { case server, client }

    package enum Failure: Error, Equatable {
        /// The peer's certificate isn't the one that its SDP announced.
        case wrongFingerprint
        case noSRTPProfile
        case openSSL(String)
    }

    /// What a datagram led to.
    package struct Step: Sendable {
        /// To be sent to the peer, in order.
        package var datagrams: [[UInt8]] = []
        /// Once, when the handshake is done.
        package var keys: SRTPKeys?
    }

    private static let maximumDatagramBytes = 1_200
    private static let recordHeaderBytes = 13
    private static let exportLabel = "EXTRACTOR-dtls_srtp"

    /// OpenSSL's part; made with the first datagram, on the thread that takes it.
    private struct Connection {
        let ssl: OpaquePointer
        let input: OpaquePointer
        let output: OpaquePointer

        init?(_ certificate: DTLSCertificate, _ role: Role) {
            guard let ssl = certificate.makeSSL() else { return nil }
            guard let input = BIO_new(BIO_s_mem()), let output = BIO_new(BIO_s_mem()) else {
                SSL_free(ssl)
                return nil
            }
            vitrine_bio_set_empty_is_retry(input)
            vitrine_bio_set_empty_is_retry(output)
            SSL_set_bio(ssl, input, output)
            vitrine_ssl_set_mtu(ssl, DTLSTransport.maximumDatagramBytes)
            vitrine_dtls_set_timer(ssl)
            if role == .server { SSL_set_accept_state(ssl) } else { SSL_set_connect_state(ssl) }
            self.ssl = ssl
            self.input = input
            self.output = output
        }
    }

    private let certificate: DTLSCertificate
    private let remoteFingerprints: [Fingerprint]
    private let role: Role
    private var connection: Connection?
    private var isDone = false
    private var isClosed = false

    /// `remoteFingerprints`: as the peer's SDP has them.
    package init(certificate: DTLSCertificate, remoteFingerprints: [Fingerprint], role: Role = .server) {
        self.certificate = certificate
        self.remoteFingerprints = remoteFingerprints
        self.role = role
    }

    deinit { if let connection { SSL_free(connection.ssl) } }

    /// Frees what OpenSSL has for it; nothing is answered afterwards.
    package func close() {
        if let connection { SSL_free(connection.ssl) }
        connection = nil
        isClosed = true
    }

    /// A client's first flight.
    package func begin() throws -> Step {
        let connection = try connected()
        let keys = try handshake(connection.ssl)
        return Step(datagrams: drain(connection.output), keys: keys)
    }

    private func connected() throws -> Connection {
        guard let connection = connection ?? Connection(certificate, role) else {
            throw Failure.openSSL("out of memory")
        }
        self.connection = connection
        return connection
    }

    /// Takes one datagram of the peer. Throws when the handshake has failed for good.
    package func receive(_ datagram: [UInt8]) throws -> Step {
        guard !isClosed else { return Step() }
        let connection = try connected()
        guard BIO_write(connection.input, datagram, Int32(datagram.count)) == datagram.count else { return Step() }
        var step = Step()
        if isDone {
            var sink = [UInt8](repeating: 0, count: 2_048)
            // A repeated flight is answered; data isn't spoken.
            while SSL_read(connection.ssl, &sink, Int32(sink.count)) > 0 {}
        } else {
            step.keys = try handshake(connection.ssl)
        }
        step.datagrams = drain(connection.output)
        return step
    }

    /// Begins, where that is this side's turn and has not been done; else sends what has to be sent again.
    package func resume() throws -> Step {
        guard role == .client, connection == nil, !isClosed else { return tick() }
        return try begin()
    }

    /// Sends the last flight again when its time has come; to be called some times a second.
    package func tick() -> Step {
        guard let connection, !isDone, vitrine_dtls_handle_timeout(connection.ssl) > 0 else { return Step() }
        return Step(datagrams: drain(connection.output))
    }

    private func handshake(_ ssl: OpaquePointer) throws -> SRTPKeys? {
        ERR_clear_error()  // the queue is the thread's, and other handshakes run on it
        let result = SSL_do_handshake(ssl)
        if result == 1 { return try finish(ssl) }
        guard SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ else {
            let reason = ERR_reason_error_string(ERR_get_error()).map { String(cString: $0) }
            throw Failure.openSSL(reason ?? "the handshake failed")
        }
        return nil
    }

    private func finish(_ ssl: OpaquePointer) throws -> SRTPKeys {
        guard let peer = SSL_get1_peer_certificate(ssl) else { throw Failure.wrongFingerprint }
        defer { X509_free(peer) }
        guard isAnnounced(peer) else { throw Failure.wrongFingerprint }
        guard let selected = SSL_get_selected_srtp_profile(ssl),
            let profile = SRTPKeys.Profile(rawValue: UInt16(truncatingIfNeeded: selected.pointee.id))
        else { throw Failure.noSRTPProfile }
        let (keyBytes, saltBytes) = (profile.keyBytes, profile.saltBytes)
        let count = 2 * (keyBytes + saltBytes)
        var material = [UInt8](repeating: 0, count: count)
        guard
            SSL_export_keying_material(
                ssl, &material, count, Self.exportLabel, Self.exportLabel.utf8.count, nil, 0, 0) == 1
        else { throw Failure.openSSL("no keying material") }
        isDone = true
        // RFC 5764, section 4.2: client key, server key, client salt, server salt.
        let (clientKey, serverKey) = (material[..<keyBytes], material[keyBytes..<2 * keyBytes])
        let salts = material[(2 * keyBytes)...]
        let client = Array(clientKey + salts.prefix(saltBytes))
        let server = Array(serverKey + salts.suffix(saltBytes))
        return role == .server
            ? SRTPKeys(profile: profile, local: server, remote: client)
            : SRTPKeys(profile: profile, local: client, remote: server)
    }

    /// RFC 8122, section 5: of several hashes the strongest counts, of several digests by it any.
    private func isAnnounced(_ certificate: OpaquePointer) -> Bool {
        guard let hash = remoteFingerprints.map(\.hash).max(),
            let found = DTLSCertificate.fingerprint(of: certificate, by: hash)
        else { return false }
        return remoteFingerprints.contains(found)
    }

    /// What OpenSSL wants to send, a datagram each: a memory BIO keeps no boundaries, the records do (RFC 6347, 4.1).
    private func drain(_ output: OpaquePointer) -> [[UInt8]] {
        let pending = vitrine_bio_pending(output)
        guard pending > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: pending)
        guard BIO_read(output, &bytes, Int32(pending)) == pending else { return [] }
        var datagrams: [[UInt8]] = [[]]
        var rest = bytes[...]
        while rest.count >= Self.recordHeaderBytes {
            let start = rest.startIndex
            let length = Int(rest[start + 11]) << 8 | Int(rest[start + 12])
            let record = rest.prefix(Self.recordHeaderBytes + length)
            if datagrams[datagrams.count - 1].count + record.count > Self.maximumDatagramBytes { datagrams.append([]) }
            datagrams[datagrams.count - 1] += record
            rest = rest.dropFirst(record.count)
        }
        return datagrams.filter { !$0.isEmpty }
    }
}
