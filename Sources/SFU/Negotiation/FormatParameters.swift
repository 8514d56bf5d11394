/// The parameters in an `fmtp` line, by their names in small letters (RFC 8866, section 6.15).
struct FormatParameters {
    private var pairs: [(name: String, value: String)]

    init(_ text: String?) {
        pairs = (text ?? "").split(separator: ";").compactMap { pair in
            let parts = pair.split(separator: "=", maxSplits: 1).map { $0.filter { !$0.isWhitespace } }
            guard let name = parts.first, !name.isEmpty else { return nil }
            return (name.lowercased(), parts.count > 1 ? parts[1] : "")
        }
    }

    subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }

    /// RFC 6184, section 8.1: 0 where nothing is said.
    var packetizationMode: String { self["packetization-mode"] ?? "0" }

    /// Six digits of H.264's profile, constraints and level; nil where none are said, or none that can be read.
    var profileLevelID: String? {
        guard let value = self["profile-level-id"], value.count == 6, UInt32(value, radix: 16) != nil else {
            return nil
        }
        return value.lowercased()
    }

    /// Profiles that are the same by different names (RFC 6184, section 8.1, table 5); Baseline where nothing is said.
    var h264Profile: String {
        let id = profileLevelID ?? "42000a"
        let constraints = UInt8(id.dropFirst(2).prefix(2), radix: 16) ?? 0
        func has(_ flags: UInt8) -> Bool { constraints & flags == flags }
        switch id.prefix(2) {
        case "42": return has(0x40) ? "constrained baseline" : "baseline"
        case "4d": return has(0x80) ? "constrained baseline" : "main"
        case "58" where has(0xC0): return "constrained baseline"
        case "58" where has(0x80): return "baseline"
        case "64": return has(0x0C) ? "constrained high" : "high"
        case let profile: return String(profile)
        }
    }

    /// Without a profile that can't be read, since players refuse all of a description that has it. Some encoders write
    /// the constraints of constrained baseline with three digits (`422001f`).
    var repaired: Self {
        guard let value = self["profile-level-id"], profileLevelID == nil else { return self }
        var repaired = self
        let digits = value.lowercased()
        let whole = "\(digits.prefix(2))\(digits.hasPrefix("42") ? "e0" : "00")\(digits.suffix(2))"
        let isNearlyOne = digits.count == 7 && UInt32(digits, radix: 16) != nil
        repaired.pairs = pairs.compactMap { pair in
            guard pair.name == "profile-level-id" else { return pair }
            return isNearlyOne ? (pair.name, whole) : nil
        }
        return repaired
    }

    func removing(_ name: String) -> Self {
        var rest = self
        rest.pairs.removeAll { $0.name == name }
        return rest
    }

    /// Nil when there are none.
    var text: String? {
        guard !pairs.isEmpty else { return nil }
        return pairs.map { $0.value.isEmpty ? $0.name : "\($0.name)=\($0.value)" }.joined(separator: ";")
    }
}
