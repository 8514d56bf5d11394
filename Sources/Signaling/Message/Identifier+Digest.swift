internal import Crypto
internal import Wire

extension Identifier {
    /// The name that these words make, the same whenever they come again, and nobody else's: 43 characters of SHA-256
    /// (FIPS 180-4) in the alphabet of identifiers.
    init(of words: [String]) {
        var hash = SHA256()
        for word in words {
            // A length before each: ["a", "bc"] isn't ["ab", "c"].
            hash.update(data: Array("\(word.utf8.count):\(word)".utf8))
        }
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        var (text, bits, count) = ("", 0, 0)
        for byte in Array(hash.finalize()) + [0] {
            (bits, count) = (bits << 8 | Int(byte), count + 8)
            while count >= 6, text.count < 43 {
                count -= 6
                text.append(alphabet[bits >> count & 63])
            }
            bits &= (1 << count) - 1
        }
        self = Self(text) ?? .random()
    }
}
