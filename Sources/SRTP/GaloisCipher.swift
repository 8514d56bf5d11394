/// AES-128 in Galois counter mode by OpenSSL (RFC 7714, section 8).
struct GaloisCipher: ~Copyable {
    static let tagBytes = 16

    private let context: CipherContext
    private let salt: SessionSalt

    init(key: AESKey, salt: SessionSalt) throws(SRTPFailure) {
        let context = try CipherContext(.galois)
        guard context.setKey(key) else { throw .openSSL }
        self.context = context
        self.salt = salt
    }

    func seal(_ packet: OutgoingPacket) -> Bool {
        context.begin(salt.galoisVector(ssrc: packet.ssrc, index: packet.index))
            && context.authenticate(packet.header)
            && packet.encryptBody(context)
            && context.finish(tagTo: packet.tag, byteCount: Self.tagBytes)
    }
}
