/// What a peer's SDP says of its certificate (RFC 8122, section 5): a hash over the DER form.
package struct Fingerprint: Hashable, Sendable, CustomStringConvertible {
    /// The hash functions that are taken, the strongest last.
    package enum Hash: String, Sendable, CaseIterable, Comparable {
        case sha256 = "sha-256"
        case sha384 = "sha-384"
        case sha512 = "sha-512"

        /// Of the digest, in bytes.
        package var size: Int {
            switch self {
            case .sha256: 32
            case .sha384: 48
            case .sha512: 64
            }
        }

        package static func < (one: Self, other: Self) -> Bool { one.size < other.size }
    }

    package let hash: Hash
    /// `AB:CD:…`, in upper case.
    package let value: String

    /// As SDP has it, without `a=fingerprint:`.
    package var description: String { "\(hash.rawValue) \(value)" }

    /// Takes the value of an `a=fingerprint` line, in any case; nil when the hash isn't taken or the digest has another
    /// length.
    package init?(_ line: some StringProtocol) {
        let words = line.split(whereSeparator: \.isWhitespace)
        guard words.count == 2, let hash = Hash(rawValue: words[0].lowercased()) else { return nil }
        let pairs = words[1].split(separator: ":", omittingEmptySubsequences: false)
        guard pairs.count == hash.size, pairs.allSatisfy({ $0.utf8.count == 2 && UInt8($0, radix: 16) != nil }) else {
            return nil
        }
        self.hash = hash
        value = words[1].uppercased()
    }

    /// Those that count where a certificate has several (RFC 8122, section 5): all by the strongest hash among them.
    package static func strongest(_ all: [Self]) -> [Self] {
        let hash = all.map(\.hash).max()
        return all.filter { $0.hash == hash }
    }

    /// Of a digest of `hash.size` bytes; nil for any other length.
    package init?(_ hash: Hash, digest: some Collection<UInt8>) {
        guard digest.count == hash.size else { return nil }
        let digits = Array("0123456789ABCDEF")
        self.hash = hash
        value = digest.map { "\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }.joined(separator: ":")
    }
}
