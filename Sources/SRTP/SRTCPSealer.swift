package import Wire

/// Encrypts and signs the RTCP that one peer is sent (RFC 3711, section 3.4; RFC 7714, section 9).
package struct SRTCPSealer: Sendable {
    private let keys: SessionKeys
    /// RFC 3711 starts at 0, libsrtp2 at 1. Receivers take either; ours are held against libsrtp2, bit for bit.
    private var nextIndex: UInt32

    /// Of `keys`, the local ones count.
    package init(_ keys: SRTPKeys) throws(SRTPFailure) {
        self.init(try .rtcp(keys.local, keys.profile), nextIndex: 1)
    }

    init(_ keys: SessionKeys, nextIndex: UInt32) {
        self.keys = keys
        self.nextIndex = nextIndex
    }

    /// Seals one compound. Nil for what is no RTCP, when OpenSSL fails, and when the indices are used up (RFC 3711,
    /// section 9.2): a second use of one would give the plain text away.
    package mutating func seal(_ compound: [UInt8], with scratch: SRTCPScratch) -> [UInt8]? {
        guard nextIndex <= SRTCPPacket.maximumIndex else { return nil }
        let index = nextIndex
        var sealed = compound + [UInt8](repeating: 0, count: keys.layout.overheadBytes)
        let isSealed = sealed.withUnsafeMutableBytes { bytes in
            guard let packet = SRTCPPacket(bytes, keys.layout) else { return false }
            packet.word = SRTCPPacket.encryptedFlag | index
            return scratch.seal(packet, keys)
        }
        guard isSealed else { return nil }
        nextIndex += 1
        return sealed
    }
}
