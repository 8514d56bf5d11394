/// The seam behind which a packet is really encrypted: each case is a home for it, chosen once for each viewer.
enum Cipher: ~Copyable {
    case galois(GaloisCipher)
    case counterMode(CounterModeCipher)

    init(_ keys: SessionKeys) throws(SRTPFailure) {
        switch keys {
        case .galois(let key, let salt):
            self = .galois(try GaloisCipher(key: key, salt: salt))
        case .counterMode(let key, let salt, let authentication):
            self = .counterMode(try CounterModeCipher(key: key, salt: salt, authentication: authentication))
        }
    }

    var tagBytes: Int {
        switch self {
        case .galois: GaloisCipher.tagBytes
        case .counterMode: CounterModeCipher.tagBytes
        }
    }

    /// There is room for the tag behind the packet.
    func seal(_ packet: OutgoingPacket) -> Bool {
        switch self {
        case .galois(let cipher): cipher.seal(packet)
        case .counterMode(let cipher): cipher.seal(packet)
        }
    }
}
