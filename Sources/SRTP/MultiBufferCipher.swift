#if IPSEC_MB
    private import CIPSecMB

    /// AES-128 in Galois counter mode (RFC 7714, section 8) by Intel's multi-buffer library: the same bytes as OpenSSL's
    /// for half of the time, since nothing is set up anew for a packet.
    struct MultiBufferCipher: ~Copyable {
        static let tagBytes = 16

        /// One for the process; its direct calls keep nothing in it. Nil where the processor can't.
        private struct Manager: @unchecked Sendable {
            let pointer: UnsafeMutablePointer<IMB_MGR>

            static let shared = vitrine_imb_manager().map(Manager.init)
        }

        static var isAvailable: Bool { Manager.shared != nil }

        private let manager: UnsafeMutablePointer<IMB_MGR>
        /// The key's rounds and the powers of its hash, as the library wants them.
        private let keyData: UnsafeMutableRawPointer
        private let salt: SessionSalt

        init(key: AESKey, salt: SessionSalt) throws(SRTPFailure) {
            guard let manager = Manager.shared?.pointer else { throw .noSuchCipher }
            self.manager = manager
            self.salt = salt
            keyData = .allocate(byteCount: vitrine_imb_key_bytes(manager), alignment: 64)
            key.span.withUnsafeBufferPointer { vitrine_imb_set_key(manager, $0.baseAddress, keyData) }
        }

        deinit { keyData.deallocate() }

        func seal(_ packet: OutgoingPacket) -> Bool {
            withUnsafeBytes(of: salt.galoisVector(ssrc: packet.ssrc, index: packet.index)) { vector in
                guard let prefix = packet.prefix else {
                    vitrine_imb_seal(
                        manager, keyData, packet.body, packet.payload.baseAddress, packet.payload.count,
                        vector.baseAddress, packet.start, packet.headerBytes, packet.tag)
                    return
                }
                withUnsafeBytes(of: prefix.bigEndian) {
                    vitrine_imb_seal_prefixed(
                        manager, keyData, packet.body, $0.baseAddress, packet.payload.baseAddress, packet.payload.count,
                        vector.baseAddress, packet.start, packet.headerBytes, packet.tag)
                }
            }
            return true
        }
    }
#endif
