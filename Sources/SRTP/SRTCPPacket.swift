/// An SRTCP packet in memory, and where in it what is (RFC 3711, section 3.4; RFC 7714, section 9).
struct SRTCPPacket {
    /// With GCM the tag comes before the index, with HMAC-SHA1 behind it.
    enum Layout {
        case galois, counterMode

        var tagBytes: Int { self == .galois ? GaloisCipher.tagBytes : HMACSHA1.tagBytes }
        /// How much longer than RTCP it is.
        var overheadBytes: Int { tagBytes + SRTCPPacket.wordBytes }
    }

    /// What stays readable: version, count, type, length and SSRC.
    static let headerBytes = 8
    /// There are 31 bits.
    static let maximumIndex: UInt32 = 0x7FFF_FFFF
    static let encryptedFlag: UInt32 = 0x8000_0000
    private static let wordBytes = 4

    private let bytes: UnsafeMutableRawBufferPointer
    private let start: UnsafeMutableRawPointer
    private let layout: Layout

    /// Nil for what is too short or of another version (RFC 3550, section 6.4).
    init?(_ bytes: UnsafeMutableRawBufferPointer, _ layout: Layout) {
        guard bytes.count >= Self.headerBytes + layout.overheadBytes, let start = bytes.baseAddress,
            bytes[0] >> 6 == 2
        else { return nil }
        self.bytes = bytes
        self.start = start
        self.layout = layout
    }

    var plainBytes: Int { bytes.count - layout.overheadBytes }
    private var wordOffset: Int { layout == .galois ? bytes.count - Self.wordBytes : plainBytes }
    private var tagOffset: Int { layout == .galois ? plainBytes : plainBytes + Self.wordBytes }

    var ssrc: UInt32 { UInt32(bigEndian: start.loadUnaligned(fromByteOffset: 4, as: UInt32.self)) }

    /// The index with its flag.
    var word: UInt32 {
        get { UInt32(bigEndian: start.loadUnaligned(fromByteOffset: wordOffset, as: UInt32.self)) }
        nonmutating set { start.storeBytes(of: newValue.bigEndian, toByteOffset: wordOffset, as: UInt32.self) }
    }
    var index: UInt32 { word & Self.maximumIndex }
    var isEncrypted: Bool { word & Self.encryptedFlag != 0 }

    var header: UnsafeRawBufferPointer { slice(0, Self.headerBytes) }
    var body: UnsafeRawBufferPointer { slice(Self.headerBytes, plainBytes - Self.headerBytes) }
    var bodyStart: UnsafeMutableRawPointer { start + Self.headerBytes }
    var headerAndBody: UnsafeRawBufferPointer { slice(0, plainBytes) }
    var indexWord: UnsafeRawBufferPointer { slice(wordOffset, Self.wordBytes) }
    var tag: UnsafeRawBufferPointer { slice(tagOffset, layout.tagBytes) }
    var tagStart: UnsafeMutableRawPointer { start + tagOffset }

    private func slice(_ offset: Int, _ count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: start + offset, count: count)
    }
}
