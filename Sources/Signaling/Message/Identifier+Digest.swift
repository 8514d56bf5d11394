internal import Wire

extension Identifier {
    /// The name that these words make, the same whenever they come again: 22 characters of FNV-1a with 128 bits in
    /// the alphabet of identifiers.
    ///
    /// It tells words apart, and nobody from forging: who knows all of the words can make the same name, and then says
    /// the same thing once more.
    init(of words: [String]) {
        var hash: UInt128 = 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D
        for word in words {
            // A length before each: ["a", "bc"] isn't ["ab", "c"].
            for byte in "\(word.utf8.count):\(word)".utf8 {
                hash = (hash ^ UInt128(byte)) &* 0x0000_0000_0100_0000_0000_0000_0000_013B
            }
        }
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let text = String((0..<22).map { alphabet[Int(truncatingIfNeeded: hash >> (6 * UInt128($0))) & 63] })
        self = Self(text) ?? .random()
    }
}
