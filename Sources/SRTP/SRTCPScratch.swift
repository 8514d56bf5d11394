/// The cipher contexts that all SRTCP of one thread takes turns with: each packet sets its peer's key. RTCP is rare,
/// and so a peer keeps its keys and no context of its own.
package final class SRTCPScratch {
    private let galois: CipherContext
    private let counterMode: CipherContext

    package init() throws(SRTPFailure) {
        galois = try CipherContext(.galois)
        counterMode = try CipherContext(.counter)
    }

    /// Encrypts and signs a packet that has its index, in place. False when OpenSSL fails.
    func seal(_ packet: SRTCPPacket, _ keys: SessionKeys) -> Bool {
        switch keys {
        case .galois(let key, let salt):
            return galois.setKey(key)
                && galois.begin(salt.galoisVector(ssrc: packet.ssrc, index: UInt64(packet.index)))
                && applyGalois(packet)
                && galois.finish(tagTo: packet.tagStart, byteCount: packet.tag.count)
        case .counterMode(let key, let salt, let authentication):
            return applyCounterMode(packet, key, salt)
                && authentication.sign(packet.headerAndBody, packet.word, to: packet.tagStart)
        }
    }

    /// Checks and decrypts a packet, in place. False when its tag is wrong; its body is not to be used then.
    func open(_ packet: SRTCPPacket, _ keys: SessionKeys) -> Bool {
        switch keys {
        case .galois(let key, let salt):
            return galois.setKey(key)
                && galois.beginOpening(salt.galoisVector(ssrc: packet.ssrc, index: UInt64(packet.index)))
                && applyGalois(packet)
                && galois.finish(expecting: packet.tag)
        case .counterMode(let key, let salt, let authentication):
            return authentication.verify(packet.headerAndBody, packet.word, tag: packet.tag)
                && applyCounterMode(packet, key, salt)
        }
    }

    /// RFC 7714, section 9: the tag vouches for header and index, too.
    private func applyGalois(_ packet: SRTCPPacket) -> Bool {
        galois.authenticate(packet.header) && galois.authenticate(packet.indexWord)
            && galois.update(packet.body, to: packet.bodyStart)
    }

    /// RFC 3711, section 4.1.1: encrypting and decrypting are the same.
    private func applyCounterMode(_ packet: SRTCPPacket, _ key: AESKey, _ salt: SessionSalt) -> Bool {
        counterMode.setKey(key)
            && counterMode.begin(salt.counterModeVector(ssrc: packet.ssrc, index: UInt64(packet.index)))
            && counterMode.update(packet.body, to: packet.bodyStart)
    }
}
