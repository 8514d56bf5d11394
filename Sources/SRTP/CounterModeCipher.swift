/// AES-128 in counter mode by OpenSSL, signed with HMAC-SHA1 (RFC 3711, sections 4.1.1 and 4.2.1).
struct CounterModeCipher: ~Copyable {
    static let tagBytes = HMACSHA1.tagBytes

    private let context: CipherContext
    private let salt: SessionSalt
    private let authentication: HMACSHA1

    init(key: AESKey, salt: SessionSalt, authentication: HMACSHA1) throws(SRTPFailure) {
        let context = try CipherContext(.counter)
        guard context.setKey(key) else { throw .openSSL }
        self.context = context
        self.salt = salt
        self.authentication = authentication
    }

    func seal(_ packet: OutgoingPacket) -> Bool {
        context.begin(salt.counterModeVector(ssrc: packet.ssrc, index: packet.index))
            && packet.encryptBody(context)
            && authentication.sign(packet.signed, packet.rolloverCounter, to: packet.tag)
    }
}
