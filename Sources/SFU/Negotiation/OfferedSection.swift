import Wire

/// One section of a peer's description, read as the rules have it.
struct OfferedSection {
    enum Direction: String {
        case sendrecv, sendonly, recvonly, inactive

        var sends: Bool { self == .sendrecv || self == .sendonly }
        var receives: Bool { self == .sendrecv || self == .recvonly }
    }

    private static let maximumLayers = 8
    private static let maximumMIDBytes = 64

    let index: Int
    let media: SessionDescription.Media
    let mid: String?
    /// Nil for what is no sound and no picture.
    let kind: MediaKind?
    let direction: Direction
    /// Port 0 says that it is not wanted, but for one that is only to be had in a bundle (RFC 9143, section 6).
    let isOffered: Bool

    init(_ index: Int, of description: SessionDescription, bundle: [String]) {
        self.index = index
        media = description.media[index]
        mid = media.value("mid").flatMap { $0.isEmpty || $0.utf8.count > Self.maximumMIDBytes ? nil : $0 }
        kind = MediaKind(rawValue: media.kind)
        direction = Self.direction(media.attributes) ?? Self.direction(description.attributes) ?? .sendrecv
        isOffered =
            media.port != 0 || media.has("bundle-only") && mid.map(bundle.contains) == true
    }

    private static func direction(_ attributes: [String]) -> Direction? {
        attributes.lazy.compactMap { Direction(rawValue: $0) }.first
    }

    /// How messages call it: `video (mid "1")`, `2 (audio)`.
    var name: String {
        mid.map { "\(media.kind) (mid \"\($0.filter { $0.isLetter || $0.isNumber })\")" }
            ?? "\(index + 1) (\(media.kind))"
    }

    /// RTP under DTLS-SRTP in any of the forms that peers write (RFC 8829, section 5.1.2).
    var isSecureRTP: Bool { media.protocol.hasSuffix("RTP/SAVPF") || media.protocol.hasSuffix("RTP/SAVP") }

    /// The codecs that can be told from RTCP on one port (RFC 5761, section 4), in the peer's order.
    var codecs: [(payloadType: UInt8, codec: Codec)] {
        media.codecs.filter { !(64...95).contains($0.payloadType) }
            .map { ($0.payloadType, Codec(name: $0.name, parameters: $0.parameters)) }
    }

    /// What it offers, in words.
    var offered: String {
        let names = codecs.filter { !["rtx", "red", "ulpfec", "flexfec-03"].contains($0.codec.encoding) }
            .map(\.codec.summary)
        return names.isEmpty ? "nothing that has an rtpmap line" : names.joined(separator: ", ")
    }

    /// The payload type of a codec's retransmissions (RFC 4588, section 8.1).
    func repairPayloadType(of payloadType: UInt8) -> UInt8? {
        codecs.first {
            $0.codec.encoding == "rtx" && FormatParameters($0.codec.parameters)["apt"] == String(payloadType)
        }?.payloadType
    }

    /// The id of a header extension in its short form (RFC 8285, section 4.2); nil when it isn't offered.
    func extensionID(_ uri: String) -> UInt8? {
        media.values("extmap").lazy.compactMap { line -> UInt8? in
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count >= 2, words[1] == uri, let id = UInt8(words[0].prefix { $0 != "/" }),
                (1...14).contains(id)
            else { return nil }
            return id
        }.first
    }

    /// The feedback that it offers for a payload type, with what it offers for all.
    func feedback(for payloadType: UInt8) -> [String] {
        media.values("rtcp-fb").compactMap { line in
            let words = line.split(maxSplits: 1, whereSeparator: \.isWhitespace)
            guard words.count == 2, words[0] == "*" || words[0] == String(payloadType) else { return nil }
            return words[1].split(whereSeparator: \.isWhitespace).joined(separator: " ").lowercased()
        }
    }

    /// The layers of a simulcast that it wants to send, the one it likes best first (RFC 8853, section 5.1).
    var layers: [String] {
        let sent = Set(
            media.values("rid").compactMap { line -> String? in
                let words = line.split(whereSeparator: \.isWhitespace)
                return words.count >= 2 && words[1] == "send" ? String(words[0]) : nil
            })
        guard let line = media.value("simulcast") else { return [] }
        let words = line.split(whereSeparator: \.isWhitespace)
        guard let number = words.firstIndex(of: "send"), number + 1 < words.count else { return [] }
        var layers: [String] = []
        for name in words[number + 1].replacing("rid=", with: "").split(whereSeparator: { $0 == ";" || $0 == "," }) {
            let name = String(name.drop { $0 == "~" })
            if sent.contains(name), Self.isLayerName(name), !layers.contains(name) { layers.append(name) }
        }
        return Array(layers.prefix(Self.maximumLayers))
    }

    /// RFC 8851, section 10, and what fits into a header extension.
    private static func isLayerName(_ name: String) -> Bool {
        (1...16).contains(name.utf8.count)
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    }
}
