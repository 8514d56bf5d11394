private import COpenSSL

typealias AESKey = InlineArray<16, UInt8>

/// One of OpenSSL's cipher contexts, for AES-128, and all that SRTP asks of it. Each call says whether OpenSSL did it.
struct CipherContext: ~Copyable {
    enum Mode {
        case counter, galois
    }

    private let context: OpaquePointer

    init(_ mode: Mode) throws(SRTPFailure) {
        let algorithm =
            switch mode {
            case .counter: EVP_aes_128_ctr()
            case .galois: EVP_aes_128_gcm()
            }
        guard let context = EVP_CIPHER_CTX_new() else { throw .openSSL }
        guard EVP_EncryptInit_ex2(context, algorithm, nil, nil, nil) == 1 else {
            EVP_CIPHER_CTX_free(context)
            throw .openSSL
        }
        self.context = context
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    func setKey(_ key: AESKey) -> Bool {
        key.span.withUnsafeBufferPointer { EVP_EncryptInit_ex2(context, nil, $0.baseAddress, nil, nil) == 1 }
    }

    /// Starts a message that is to be encrypted, or in counter mode decrypted: there they are the same.
    func begin(_ vector: InitializationVector) -> Bool {
        withUnsafeBytes(of: vector) { EVP_EncryptInit_ex2(context, nil, nil, Self.start(of: $0), nil) == 1 }
    }

    /// Starts a message that is to be decrypted in Galois counter mode.
    func beginOpening(_ vector: InitializationVector) -> Bool {
        withUnsafeBytes(of: vector) { EVP_DecryptInit_ex2(context, nil, nil, Self.start(of: $0), nil) == 1 }
    }

    /// Takes in bytes that stay readable but that the tag vouches for.
    func authenticate(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard !bytes.isEmpty else { return true }
        guard let count = Int32(exactly: bytes.count) else { return false }
        var length: Int32 = 0
        return EVP_CipherUpdate(context, nil, &length, Self.start(of: bytes), count) == 1
    }

    /// Encrypts or decrypts, as the message was begun. `output` has room for as much, and may be where `bytes` are.
    func update(_ bytes: UnsafeRawBufferPointer, to output: UnsafeMutableRawPointer) -> Bool {
        guard !bytes.isEmpty else { return true }
        guard let count = Int32(exactly: bytes.count) else { return false }
        var length: Int32 = 0
        let target = output.assumingMemoryBound(to: UInt8.self)
        return EVP_CipherUpdate(context, target, &length, Self.start(of: bytes), count) == 1
    }

    /// Ends an encrypted message and writes its tag.
    func finish(tagTo tag: UnsafeMutableRawPointer, byteCount: Int) -> Bool {
        var length: Int32 = 0
        guard EVP_EncryptFinal_ex(context, tag.assumingMemoryBound(to: UInt8.self), &length) == 1 else { return false }
        // EVP_CTRL_AEAD_GET_TAG builds the same parameters and takes 15 ns longer.
        return withTagParameters(tag, byteCount) { EVP_CIPHER_CTX_get_params(context, $0) == 1 }
    }

    /// Ends a decrypted message: true when its tag is right.
    func finish(expecting tag: UnsafeRawBufferPointer) -> Bool {
        guard let start = tag.baseAddress else { return false }
        let isSet = withTagParameters(UnsafeMutableRawPointer(mutating: start), tag.count) {
            EVP_CIPHER_CTX_set_params(context, $0) == 1
        }
        // Counter modes have no bytes left to give at the end, but the call wants a place for them.
        var rest = AESKey(repeating: 0)
        var span = rest.mutableSpan
        return isSet
            && span.withUnsafeMutableBufferPointer { rest in
                var length: Int32 = 0
                return EVP_DecryptFinal_ex(context, rest.baseAddress, &length) == 1
            }
    }

    private func withTagParameters(
        _ tag: UnsafeMutableRawPointer, _ byteCount: Int, _ body: (UnsafeMutablePointer<OSSL_PARAM>?) -> Bool
    ) -> Bool {
        OSSL_CIPHER_PARAM_AEAD_TAG.withCString { name in
            withUnsafeTemporaryAllocation(of: OSSL_PARAM.self, capacity: 2) { parameters in
                parameters.initializeElement(
                    at: 0, to: OSSL_PARAM_construct_octet_string(name, tag, byteCount))
                parameters.initializeElement(at: 1, to: OSSL_PARAM_construct_end())
                return body(parameters.baseAddress)
            }
        }
    }

    private static func start(of bytes: UnsafeRawBufferPointer) -> UnsafePointer<UInt8>? {
        bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    }
}
