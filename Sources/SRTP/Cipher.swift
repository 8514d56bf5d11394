/// The seam behind which a packet is really encrypted: each case is a home for it, chosen once for each viewer.
enum Cipher: ~Copyable {
    #if IPSEC_MB
        case multiBuffer(MultiBufferCipher)
    #endif
    case galois(GaloisCipher)
    case counterMode(CounterModeCipher)

    /// `home` counts for GCM; counter mode is OpenSSL's in any.
    init(_ keys: SessionKeys, home: CipherHome) throws(SRTPFailure) {
        switch keys {
        case .galois(let key, let salt):
            self = try Self.galois(key, salt, home)
        case .counterMode(let key, let salt, let authentication):
            self = .counterMode(try CounterModeCipher(key: key, salt: salt, authentication: authentication))
        }
    }

    private static func galois(
        _ key: AESKey, _ salt: SessionSalt, _ home: CipherHome
    ) throws(SRTPFailure) -> Cipher {
        switch home {
        case .openSSL: return .galois(try GaloisCipher(key: key, salt: salt))
        case .multiBuffer:
            #if IPSEC_MB
                return .multiBuffer(try MultiBufferCipher(key: key, salt: salt))
            #else
                throw .noSuchCipher
            #endif
        }
    }

    var tagBytes: Int {
        switch self {
        #if IPSEC_MB
            case .multiBuffer: MultiBufferCipher.tagBytes
        #endif
        case .galois: GaloisCipher.tagBytes
        case .counterMode: CounterModeCipher.tagBytes
        }
    }

    /// There is room for the tag behind the packet.
    func seal(_ packet: OutgoingPacket) -> Bool {
        switch self {
        #if IPSEC_MB
            case .multiBuffer(let cipher): cipher.seal(packet)
        #endif
        case .galois(let cipher): cipher.seal(packet)
        case .counterMode(let cipher): cipher.seal(packet)
        }
    }
}
