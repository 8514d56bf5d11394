package import Wire

/// Encrypts and signs what one peer is sent (RFC 3711, RFC 7714), from plain text in one place to a datagram in another,
/// without a copy between. Nothing is allocated for a packet.
package struct RTPSealer: ~Copyable {
    private var cipher: Cipher

    /// How much longer a packet gets.
    package var overheadBytes: Int { cipher.tagBytes }

    /// `keys.local` are used.
    package init(_ keys: SRTPKeys) throws {
        cipher = try Cipher(keys)
    }

    /// Seals one packet. `output` begins with its finished header of `headerBytes`, whose sequence number and SSRC
    /// count; `prefix` and then `payload` are encrypted behind it, and the tag behind them. `rolloverCounter`: how often
    /// the sequence number has wrapped (RFC 3711, section 3.3.1).
    ///
    /// How many bytes there are now; 0 when `output` is too small.
    package mutating func seal(
        headerBytes: Int, prefix: UInt16? = nil, payload: UnsafeRawBufferPointer, rolloverCounter: UInt32,
        into output: UnsafeMutableRawBufferPointer
    ) -> Int {
        let prefixBytes = prefix == nil ? 0 : 2
        let bytes = headerBytes + prefixBytes + payload.count + cipher.tagBytes
        guard headerBytes >= 12, output.count >= bytes, let base = output.baseAddress else { return 0 }
        let packet = Cipher.Packet(
            base: base, headerBytes: headerBytes, prefix: prefix, payload: payload, rolloverCounter: rolloverCounter)
        return cipher.seal(packet) ? bytes : 0
    }
}
