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

    /// Why a handshake has failed for good, and what the peer is to be told of it: an alert.
    package struct Refusal: Error, Equatable, CustomStringConvertible {
        package let reason: Failure
        /// To be sent to the peer, in order.
        package var datagrams: [[UInt8]] = []

        package var description: String { "\(reason)" }
    }

    /// What a datagram led to.
    package struct Step: Sendable {
        /// To be sent to the peer, in order.
        package var datagrams: [[UInt8]] = []
        /// Once, when the handshake is done.
        package var keys: SRTPKeys?
        /// With the keys: who hears that the peer leaves when this transport is closed. Nil when its cipher can't be
        /// heard so, which no browser's is.
        package var goodbye: GoodbyeWatch?
        /// The peer has said, with its keys, that it leaves (RFC 5246, section 7.2.1), or has failed for good.
        package var closed = false

        /// There is nothing to do.
        package var isEmpty: Bool { datagrams.isEmpty && keys == nil && !closed }
    }

    private static let maximumDatagramBytes = 1_200
    private static let recordHeaderBytes = 13
    private static let exportLabel = "EXTRACTOR-dtls_srtp"

    /// OpenSSL's part; made with the first datagram, on the thread that takes it.
    struct Connection {
        let ssl: OpaquePointer
        let input: OpaquePointer
        let output: OpaquePointer

        fileprivate init?(_ certificate: DTLSCertificate, _ role: Role) {
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
    private let filter: RecordFilter
    /// What our answer to its certificate or hello was, if a refusal: OpenSSL itself says nothing that can be told apart.
    private var refusal: Failure?
    private var connection: Connection?
    private var isDone = false
    private var isClosed = false

    /// `remoteFingerprints`: those of which any is to be its certificate's (see `Fingerprint.strongest`).
    package init(certificate: DTLSCertificate, remoteFingerprints: [Fingerprint], role: Role = .server) {
        self.certificate = certificate
        self.remoteFingerprints = remoteFingerprints
        self.role = role
        filter = RecordFilter(role: role)
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
        let keys = try handshake(connection)
        return Step(datagrams: drain(connection.output), keys: keys)
    }

    /// Tells the peer, once connected, that we leave (`close_notify`); nothing is sent afterwards. Empty when OpenSSL's
    /// part is gone.
    package func farewell() -> [[UInt8]] {
        guard let connection, isDone else { return [] }
        ERR_clear_error()
        SSL_shutdown(connection.ssl)
        return drain(connection.output)
    }

    func connected() throws(Refusal) -> Connection {
        guard let connection = connection ?? Connection(certificate, role) else {
            throw Refusal(reason: .openSSL("out of memory"))
        }
        SSL_set_ex_data(connection.ssl, 0, Unmanaged.passUnretained(self).toOpaque())
        self.connection = connection
        return connection
    }

    /// Takes one datagram of the peer. Throws a `Refusal` when the handshake has failed for good; what anybody else may
    /// have sent doesn't do that, as far as it can be told.
    package func receive(_ datagram: [UInt8]) throws -> Step {
        guard !isClosed else { return Step() }
        let connection = try connected()
        let records = filter.admitted(datagram)
        guard !records.isEmpty, BIO_write(connection.input, records, Int32(records.count)) == records.count else {
            return Step()
        }
        var step = Step()
        if !isDone { step.keys = try handshake(connection) }
        if isDone { step.closed = readToEnd(connection.ssl) }
        if step.keys != nil { step.goodbye = GoodbyeWatch(connection.ssl, ourRole: role) }
        step.datagrams = drain(connection.output)
        return step
    }

    /// Begins, where that is this side's turn and has not been done; else sends what has to be sent again.
    package func resume() throws -> Step {
        guard role == .client, connection == nil, !isClosed else { return tick() }
        return try begin()
    }

    /// A repeated flight is answered; data isn't spoken. Whether the peer has left.
    private func readToEnd(_ ssl: OpaquePointer) -> Bool {
        ERR_clear_error()
        var sink = [UInt8](repeating: 0, count: 2_048)
        while SSL_read(ssl, &sink, Int32(sink.count)) > 0 {}
        return SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN != 0
    }

    /// Sends the last flight again when its time has come; to be called some times a second.
    package func tick() -> Step {
        guard let connection, !isDone, vitrine_dtls_handle_timeout(connection.ssl) > 0 else { return Step() }
        return Step(datagrams: drain(connection.output))
    }

    private func handshake(_ connection: Connection) throws(Refusal) -> SRTPKeys? {
        ERR_clear_error()  // the queue is the thread's, and other handshakes run on it
        let result = SSL_do_handshake(connection.ssl)
        do throws(Failure) {
            if result == 1 { return try finish(connection.ssl) }
        } catch {
            SSL_shutdown(connection.ssl)  // OpenSSL takes no alert of our choice
            throw Refusal(reason: error, datagrams: drain(connection.output))
        }
        guard SSL_get_error(connection.ssl, result) == SSL_ERROR_WANT_READ else {
            let reason = ERR_reason_error_string(ERR_get_error()).map { String(cString: $0) }
            throw Refusal(
                reason: refusal ?? .openSSL(reason ?? "the handshake failed"), datagrams: drain(connection.output))
        }
        return nil
    }

    /// Says yes or no to the peer's certificate, in the middle of its handshake.
    func admits(_ certificate: OpaquePointer?) -> Bool {
        if let certificate, isAnnounced(certificate) { return true }
        refusal = .wrongFingerprint
        return false
    }

    /// Says yes or no to the SRTP profiles of a hello (RFC 5764, section 4.1.1): two bytes of length, two for each.
    func admits(profiles: UnsafeBufferPointer<UInt8>?) -> Bool {
        let words = profiles.map { Array($0.dropFirst(2)) } ?? []
        let offered = stride(from: 0, to: words.count - 1, by: 2).map { UInt16(words[$0]) << 8 | UInt16(words[$0 + 1]) }
        if offered.contains(where: { SRTPKeys.Profile(rawValue: $0) != nil }) { return true }
        refusal = .noSRTPProfile
        return false
    }

    private func finish(_ ssl: OpaquePointer) throws(Failure) -> SRTPKeys {
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

    private func isAnnounced(_ certificate: OpaquePointer) -> Bool {
        remoteFingerprints.contains { DTLSCertificate.fingerprint(of: certificate, by: $0.hash) == $0 }
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
