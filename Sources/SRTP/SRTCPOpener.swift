package import Wire

/// Checks and decrypts the RTCP of one peer (RFC 3711, section 3.4; RFC 7714, section 9), each packet once.
package struct SRTCPOpener: Sendable {
    private let keys: SessionKeys
    private var windows = ReplayWindows()

    /// Of `keys`, the remote ones count.
    package init(_ keys: SRTPKeys) throws(SRTPFailure) {
        self.init(try .rtcp(keys.remote, keys.profile))
    }

    init(_ keys: SessionKeys) { self.keys = keys }

    /// The compound that a datagram holds.
    package mutating func open(_ datagram: [UInt8], with scratch: SRTCPScratch) throws(SRTCPRefusal) -> [UInt8] {
        var opened = datagram
        let result: Result<(index: UInt32, ssrc: UInt32, byteCount: Int), SRTCPRefusal> = opened.withUnsafeMutableBytes
        { bytes in
            // DTLS-SRTP has no way to agree on unencrypted RTCP (RFC 5764, section 4.1.2), so nobody sends it to us.
            guard let packet = SRTCPPacket(bytes, keys.layout), packet.isEncrypted else { return .failure(.malformed) }
            // Looked up before the tag is checked, and noted after (RFC 3711, section 3.3).
            guard windows.admits(packet.index, of: packet.ssrc) else { return .failure(.replayed) }
            guard scratch.open(packet, keys) else { return .failure(.forged) }
            return .success((packet.index, packet.ssrc, packet.plainBytes))
        }
        let (index, ssrc, byteCount) = try result.get()
        windows.record(index, of: ssrc)
        opened.removeLast(opened.count - byteCount)
        return opened
    }
}
