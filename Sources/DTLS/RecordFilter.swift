/// Which records of a datagram OpenSSL may see. Before keys are agreed anybody can send a record, and some end a
/// handshake for good: an alert, or a message out of its place. What can't be the peer's next word is left out, as is
/// what no peer would send (RFC 6347, section 4.1.2.7: invalid records are silently discarded).
struct RecordFilter {
    private enum ContentType {
        static let changeCipherSpec: UInt8 = 20
        static let alert: UInt8 = 21
        static let handshake: UInt8 = 22
        static let applicationData: UInt8 = 23
    }

    private enum Message {
        static let clientHello: UInt8 = 1
        /// A client's, by their numbers: hello, certificate, key exchange, proof of the certificate. What follows them
        /// is encrypted.
        static let ofClient: [UInt8] = [clientHello, 11, 16, 15]
        /// A server's: request, hello, verify request, ticket, certificate, key exchange, request, done, status.
        static let ofServer: Set<UInt8> = [0, 2, 3, 4, 11, 12, 13, 14, 22]
    }

    private static let recordHeaderBytes = 13
    private static let messageHeaderBytes = 12
    /// RFC 5246, section 6.2.3.
    private static let maximumRecordBytes = 1 << 14 + 2_048
    /// A chain of certificates is far shorter.
    private static let maximumMessageBytes = 1 << 15

    /// Ours.
    let role: DTLSTransport.Role

    /// The datagram without what is left out.
    func admitted(_ datagram: [UInt8]) -> [UInt8] {
        var kept: [UInt8] = []
        var rest = datagram[...]
        while let length = Self.recordLength(rest) {
            let record = rest.prefix(Self.recordHeaderBytes + length)
            if isWelcome(record) { kept += record }
            rest = rest.dropFirst(record.count)
        }
        return kept
    }

    /// Of the first record's content; nil when there is none, or it is cut off or no DTLS: no record can be found behind.
    private static func recordLength(_ bytes: ArraySlice<UInt8>) -> Int? {
        let start = bytes.startIndex
        guard bytes.count > recordHeaderBytes, bytes[start + 1] == 0xFE else { return nil }
        let length = number(bytes, at: 11, bytes: 2)
        return length > 0 && length <= maximumRecordBytes && length <= bytes.count - recordHeaderBytes ? length : nil
    }

    private func isWelcome(_ record: ArraySlice<UInt8>) -> Bool {
        let content = record.dropFirst(Self.recordHeaderBytes)
        let type = record[record.startIndex]
        switch (Self.number(record, at: 3, bytes: 2), type) {
        case (0, ContentType.handshake): return areMessages(content)
        case (0, ContentType.changeCipherSpec): return content.elementsEqual([1])
        // Authenticated: OpenSSL drops what isn't the peer's.
        case (1, ContentType.alert), (1, ContentType.handshake), (1, ContentType.applicationData): return true
        default: return false
        }
    }

    /// One or more handshake messages or fragments of them (RFC 6347, section 4.2.2), each in its place.
    private func areMessages(_ content: ArraySlice<UInt8>) -> Bool {
        var rest = content
        repeat {
            guard rest.count >= Self.messageHeaderBytes else { return false }
            let (type, length) = (rest[rest.startIndex], Self.number(rest, at: 1, bytes: 3))
            let (offset, count) = (Self.number(rest, at: 6, bytes: 3), Self.number(rest, at: 9, bytes: 3))
            let body = rest.dropFirst(Self.messageHeaderBytes).prefix(count)
            guard length <= Self.maximumMessageBytes, offset + count <= length, body.count == count,
                count > 0 || length == 0, isExpected(type, number: Self.number(rest, at: 4, bytes: 2))
            else { return false }
            if type == Message.clientHello, count == length, !Self.isClientHello(body) { return false }
            rest = rest.dropFirst(Self.messageHeaderBytes + count)
        } while !rest.isEmpty
        return true
    }

    private func isExpected(_ type: UInt8, number: Int) -> Bool {
        switch role {
        case .server: number < Message.ofClient.count && Message.ofClient[number] == type
        case .client: Message.ofServer.contains(type)
        }
    }

    /// Whether the lengths in a hello add up (RFC 5246, section 7.4.1.2; RFC 6347, section 4.2.1).
    private static func isClientHello(_ body: ArraySlice<UInt8>) -> Bool {
        var rest = body.dropFirst(34)  // version and random
        /// Takes a vector with so many bytes of length; nil when it is longer than what is left.
        func vector(_ lengthBytes: Int) -> ArraySlice<UInt8>? {
            guard rest.count >= lengthBytes else { return nil }
            let count = number(rest, at: 0, bytes: lengthBytes)
            let content = rest.dropFirst(lengthBytes).prefix(count)
            guard content.count == count else { return nil }
            rest = rest.dropFirst(lengthBytes + count)
            return content
        }
        guard body.count > 34, let session = vector(1), session.count <= 32, vector(1) != nil,
            let ciphers = vector(2), !ciphers.isEmpty, ciphers.count % 2 == 0, let compressions = vector(1),
            compressions.contains(0)
        else { return false }
        guard !rest.isEmpty else { return true }
        guard let extensions = vector(2), rest.isEmpty else { return false }
        rest = extensions
        while !rest.isEmpty {
            rest = rest.dropFirst(2)
            guard vector(2) != nil else { return false }
        }
        return true
    }

    private static func number(_ bytes: ArraySlice<UInt8>, at offset: Int, bytes count: Int) -> Int {
        bytes.dropFirst(offset).prefix(count).reduce(0) { $0 << 8 | Int($1) }
    }
}
