import Wire

/// What one direction of a peer is encrypted and signed with, from its master key (RFC 3711, section 4.3), with a key
/// derivation rate of 0: once for the whole session.
struct SRTPKeyDerivation {
    /// RFC 3711, section 4.3.2.
    enum Label: UInt8 {
        case rtpEncryption = 0, rtpAuthentication, rtpSalt, rtcpEncryption, rtcpAuthentication, rtcpSalt
    }

    private let masterKey: AESKey
    private let masterSalt: SessionSalt

    /// `master`: key, then salt, as long as the profile says.
    init(_ master: [UInt8], profile: SRTPKeys.Profile) throws(SRTPFailure) {
        guard profile.keyBytes == 16, master.count == profile.keyBytes + profile.saltBytes else { throw .keyLength }
        masterKey = AESKey { master[$0] }
        // RFC 7714, section 11, with erratum 4938: a salt of 12 bytes gets zeros behind it.
        masterSalt = SessionSalt(master.dropFirst(profile.keyBytes))
    }

    /// AES-CM's keystream from the master salt with the label in it (RFC 3711, sections 4.3.1 and 4.3.3).
    func key(_ label: Label, byteCount: Int) throws(SRTPFailure) -> [UInt8] {
        // The label is added to byte 7, where in a packet's vector the SSRC ends.
        let vector = masterSalt.counterModeVector(ssrc: UInt32(label.rawValue), index: 0)
        let context = try CipherContext(.counter)
        guard context.setKey(masterKey), context.begin(vector) else { throw .openSSL }
        var stream = [UInt8](repeating: 0, count: byteCount)
        let isDone = stream.withUnsafeMutableBytes { stream in
            guard let start = stream.baseAddress else { return true }
            return context.update(UnsafeRawBufferPointer(stream), to: start)
        }
        guard isDone else { throw .openSSL }
        return stream
    }
}
