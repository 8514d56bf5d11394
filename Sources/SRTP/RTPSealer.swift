package import Wire

/// Encrypts and signs the RTP that one viewer is sent (RFC 3711, RFC 7714), from plain text in one place to a datagram
/// in another, with no copy between. Nothing is allocated, retained or locked for a packet.
package struct RTPSealer: ~Copyable {
    private let cipher: Cipher

    /// How much longer a packet gets: 16 bytes with GCM, 10 with HMAC-SHA1.
    package var overheadBytes: Int { cipher.tagBytes }

    /// Of `keys`, the local ones count. Throws `.noSuchCipher` for a home that isn't available.
    package init(_ keys: SRTPKeys, home: CipherHome = .fastest) throws(SRTPFailure) {
        cipher = try Cipher(.rtp(keys.local, keys.profile), home: home)
    }

    /// Seals one packet. `output` begins with its finished header of `headerBytes`; behind that come `prefix` and
    /// `payload`, encrypted, and the tag. `rolloverCounter` says how often the sequence number has wrapped (RFC 3711,
    /// section 3.3.1). `payload` may be in `output` only where it is going to be, and not at all with a prefix.
    ///
    /// SSRC and sequence number are taken from the header. The same two with the same rollover counter must never seal
    /// different bytes: that gives GCM's key away (RFC 7714, section 8).
    ///
    /// How many bytes there are now; 0 when `output` is too small or OpenSSL fails.
    package mutating func seal(
        headerBytes: Int, prefix: UInt16? = nil, payload: UnsafeRawBufferPointer, rolloverCounter: UInt32,
        into output: UnsafeMutableRawBufferPointer
    ) -> Int {
        // By subtraction, so that no sum of a caller's can overflow.
        guard headerBytes >= RTPHeaderLength.least, headerBytes <= output.count, let start = output.baseAddress,
            payload.count <= output.count - headerBytes - (prefix == nil ? 0 : 2) - cipher.tagBytes
        else { return 0 }
        let packet = OutgoingPacket(
            start: start, headerBytes: headerBytes, prefix: prefix, payload: payload, rolloverCounter: rolloverCounter)
        return cipher.seal(packet) ? packet.byteCount + cipher.tagBytes : 0
    }
}
