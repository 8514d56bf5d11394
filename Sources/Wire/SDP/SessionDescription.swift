/// An SDP description as far as WebRTC peers need it (RFC 8866): lines in, lines out, nothing interpreted but structure.
package struct SessionDescription: Sendable {
    package enum Failure: Error, Equatable {
        case malformed(line: Int)
        case tooLarge
    }

    package struct Media: Sendable {
        /// `audio`, `video` or `application`.
        package var kind: String
        package var port: Int
        package var `protocol`: String
        package var formats: [String]
        /// `a=` lines, without the `a=`.
        package var attributes: [String]

        package init(kind: String, port: Int, protocol: String, formats: [String], attributes: [String]) {
            self.kind = kind
            self.port = port
            self.protocol = `protocol`
            self.formats = formats
            self.attributes = attributes
        }
    }

    private static let maximumBytes = 64 << 10
    private static let maximumMedia = 32

    /// From the `o=` line: the same through all offers of one connection; 0 when it is no number.
    package var sessionID: UInt64
    package var attributes: [String]
    package var media: [Media]

    package init(sessionID: UInt64, attributes: [String], media: [Media]) {
        self.sessionID = sessionID
        self.attributes = attributes
        self.media = media
    }

    /// As liberal as the RFC lets receivers be: lines end in CRLF, LF or CR, blanks at their ends and what is no line at
    /// all are passed over. What the rest depends on, the version and the `m=` lines, has to be right.
    package init(parsing text: String) throws(Failure) {
        guard text.utf8.count <= Self.maximumBytes else { throw .tooLarge }
        self.init(sessionID: 0, attributes: [], media: [])
        var isBegun = false
        for (number, raw) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = raw.drop(while: Self.isBlank).reversed().drop(while: Self.isBlank).reversed()
            guard !line.isEmpty else { continue }
            let parts = String(line).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard isBegun || (parts.count == 2 && parts[0] == "v" && parts[1] == "0") else {
                throw .malformed(line: number + 1)
            }
            isBegun = true
            guard parts.count == 2, parts[0].count == 1 else { continue }
            try take(parts[0], String(parts[1].drop(while: Self.isBlank)), line: number + 1)
        }
        guard isBegun else { throw .malformed(line: 1) }
    }

    private mutating func take(_ type: Substring, _ value: String, line: Int) throws(Failure) {
        switch type {
        case "m":
            let words = value.split(whereSeparator: Self.isBlank).map(String.init)
            // RFC 8866, section 5.14: a number of ports may follow.
            guard words.count >= 4, let port = UInt16(words[1].prefix { $0 != "/" }), media.count < Self.maximumMedia
            else { throw .malformed(line: line) }
            media.append(
                Media(
                    kind: words[0].lowercased(), port: Int(port), protocol: words[2], formats: Array(words[3...]),
                    attributes: []))
        case "o":
            sessionID = value.split(whereSeparator: Self.isBlank).dropFirst().first.flatMap { UInt64($0) } ?? 0
        case "a" where media.isEmpty: attributes.append(value)
        case "a": media[media.count - 1].attributes.append(value)
        default: break
        }
    }

    private static func isBlank(_ character: Character) -> Bool { character.isWhitespace || character == "\0" }

    /// The description as text, with CRLF at each line's end.
    package var text: String {
        var lines = ["v=0", "o=- \(sessionID) 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
        lines += attributes.map { "a=\($0)" }
        for each in media {
            lines.append("m=\(each.kind) \(each.port) \(each.protocol) \(each.formats.joined(separator: " "))")
            lines.append("c=IN IP4 0.0.0.0")
            lines += each.attributes.map { "a=\($0)" }
        }
        return lines.map { "\($0)\r\n" }.joined()
    }

    /// The value of the first `name:value` in a section, or else in the session.
    package func value(_ name: String, in section: Media? = nil) -> String? {
        section?.value(name) ?? Self.value(name, in: attributes)
    }

    /// The values of every `name:value` of the session itself.
    package func values(_ name: String) -> [String] { Self.values(name, in: attributes) }

    private static func value(of line: String, _ name: String) -> String {
        String(line.dropFirst(name.count + 1).drop(while: \.isWhitespace))
    }

    fileprivate static func values(_ name: String, in attributes: [String]) -> [String] {
        attributes.filter { $0.hasPrefix("\(name):") }.map { value(of: $0, name) }
    }

    fileprivate static func value(_ name: String, in attributes: [String]) -> String? {
        attributes.first { $0.hasPrefix("\(name):") }.map { value(of: $0, name) }
    }
}

extension SessionDescription.Media {
    package func value(_ name: String) -> String? { SessionDescription.value(name, in: attributes) }

    package func values(_ name: String) -> [String] { SessionDescription.values(name, in: attributes) }

    package func has(_ flag: String) -> Bool { attributes.contains(flag) }

    /// The codec behind each payload type, in the order of preference: `(96, "VP8/90000")`. A type that no `rtpmap`
    /// explains isn't one.
    package var codecs: [(payloadType: UInt8, name: String, parameters: String?)] {
        let (maps, formatParameters) = (explained("rtpmap"), explained("fmtp"))
        var seen: Set<UInt8> = []
        return formats.compactMap { format in
            guard let payloadType = UInt8(format), payloadType < 128, let name = maps[payloadType],
                seen.insert(payloadType).inserted
            else { return nil }
            return (payloadType, name.filter { !$0.isWhitespace }, formatParameters[payloadType])
        }
    }

    /// What lines such as `rtpmap:96 VP8/90000` say of payload types; the first that does counts.
    private func explained(_ name: String) -> [UInt8: String] {
        var explained: [UInt8: String] = [:]
        for value in values(name) {
            let words = value.split(maxSplits: 1, whereSeparator: \.isWhitespace)
            guard words.count == 2, let payloadType = UInt8(words[0]), explained[payloadType] == nil else { continue }
            explained[payloadType] = String(words[1].drop(while: \.isWhitespace))
        }
        return explained
    }
}
