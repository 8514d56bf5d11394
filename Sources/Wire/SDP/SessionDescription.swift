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

    package init(parsing text: String) throws(Failure) {
        guard text.utf8.count <= Self.maximumBytes else { throw .tooLarge }
        self.init(sessionID: 0, attributes: [], media: [])
        for (number, line) in text.split(whereSeparator: \.isNewline).enumerated() {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0].count == 1, number > 0 || line == "v=0" else {
                throw .malformed(line: number + 1)
            }
            switch parts[0] {
            case "m":
                let words = parts[1].split(separator: " ").map(String.init)
                guard words.count >= 4, let port = Int(words[1]), media.count < Self.maximumMedia else {
                    throw .malformed(line: number + 1)
                }
                media.append(
                    Media(
                        kind: words[0], port: port, protocol: words[2], formats: Array(words[3...]), attributes: []))
            case "o": sessionID = parts[1].split(separator: " ").dropFirst().first.flatMap { UInt64($0) } ?? 0
            case "a" where media.isEmpty: attributes.append(String(parts[1]))
            case "a": media[media.count - 1].attributes.append(String(parts[1]))
            default: break
            }
        }
    }

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

    fileprivate static func values(_ name: String, in attributes: [String]) -> [String] {
        attributes.filter { $0.hasPrefix("\(name):") }.map { String($0.dropFirst(name.count + 1)) }
    }

    fileprivate static func value(_ name: String, in attributes: [String]) -> String? {
        attributes.first { $0.hasPrefix("\(name):") }.map { String($0.dropFirst(name.count + 1)) }
    }
}

extension SessionDescription.Media {
    package func value(_ name: String) -> String? { SessionDescription.value(name, in: attributes) }

    package func values(_ name: String) -> [String] { SessionDescription.values(name, in: attributes) }

    package func has(_ flag: String) -> Bool { attributes.contains(flag) }

    /// The codec behind each payload type, in the order of preference: `(96, "VP8/90000")`.
    package var codecs: [(payloadType: UInt8, name: String, parameters: String?)] {
        formats.compactMap { format in
            guard let payloadType = UInt8(format), payloadType < 128,
                let map = values("rtpmap").first(where: { $0.hasPrefix("\(format) ") })
            else { return nil }
            let parameters = values("fmtp").first { $0.hasPrefix("\(format) ") }
            return (
                payloadType, String(map.dropFirst(format.count + 1)),
                parameters.map { String($0.dropFirst(format.count + 1)) }
            )
        }
    }
}
